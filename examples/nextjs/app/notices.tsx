// app/notices.tsx
'use client'

import { useEffect, useState } from 'react'
import { takeNotices } from './actions'

export function Notices() {
  const [notices, setNotices] = useState<string[]>([])
  useEffect(() => {
    void takeNotices().then((taken) => {
      if (taken.length > 0) setNotices(taken)
    })
  }, [])
  return notices.map((notice) => (
    <p role="status" key={notice}>
      {notice}
    </p>
  ))
}
