#!/usr/bin/env node
// The command as a process.

import { main } from './main.ts'

// Without a listener, an error of a stream ends the process with a stack and the exit code 1.
process.stdout.on('error', (error) => {
  if (isIncomplete(error)) process.stderr.write('sealed-session: the output cannot be written\n')
})
process.stderr.on('error', isIncomplete)

const code = await main(process.argv.slice(2))
process.exitCode ??= code

/** Whether output is lost. A reader that has enough, such as `head`, is no failure. */
function isIncomplete(error: NodeJS.ErrnoException): boolean {
  if (error.code === 'EPIPE') return false
  process.exitCode = 2
  return true
}
