import { createFileRoute } from '@tanstack/react-router'
import { title } from '../session'

export const Route = createFileRoute('/')({ component: Home })

function Home() {
  return <h1>{title}</h1>
}
