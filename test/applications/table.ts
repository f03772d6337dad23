// Prints the table of the frameworks at the end of a run.

import { clearRows, formatRows, readRows } from './rows.ts'

export default function setUp(): () => void {
  clearRows()
  return () => {
    const rows = readRows()
    if (rows.length > 0) console.log(`\n${formatRows(rows)}`)
  }
}
