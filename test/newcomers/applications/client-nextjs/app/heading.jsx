'use client'

import { title } from '../session'

export function Heading() {
  return <h1>{title}</h1>
}
