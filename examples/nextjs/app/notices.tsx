// app/notices.tsx
'use client'

import { useEffect, useState } from 'react'
import { takeNotices } from './actions'

export function Notices({ waiting }: { waiting: number }) {
  const [notices, setNotices] = useState<string[]>([])
  useEffect(() => {
    if (waiting === 0) return
    void takeNotices().then((taken) => {
      if (taken.length > 0) setNotices(taken)
    })
  }, [waiting])
  return notices.map((notice) => (
    <p role="status" key={notice}>
      {notice}
    </p>
  ))
}
