// Runs the command in this process, with its output and its exit code.

import { Readable } from 'node:stream'
import { expect, vi } from 'vitest'
import { main } from '../../bin/main.ts'

/** The inputs of the command beside its arguments. */
export interface CommandInputs {
  readonly secrets?: string
  readonly variable?: string
  readonly input?: string
}

/** The exit code of the command, and its output. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command here, and checks standard error for secrets and for a stack. */
export async function runCommand(
  args: string[],
  { secrets, variable = 'SESSION_SECRETS', input = '' }: CommandInputs = {},
): Promise<Outcome> {
  vi.stubEnv('SESSION_SECRETS', undefined)
  vi.stubEnv(variable, secrets)
  let [stdout, stderr] = ['', '']
  const spies = [
    vi
      .spyOn(process, 'stdin', 'get')
      .mockReturnValue(Object.assign(Readable.from([input]), { isTTY: false }) as never),
    vi
      .spyOn(process.stdout, 'write')
      .mockImplementation((text) => ((stdout += String(text)), true)),
    vi
      .spyOn(process.stderr, 'write')
      .mockImplementation((text) => ((stderr += String(text)), true)),
  ]
  try {
    const code = await main(args)
    checkErrors(stderr, [secrets ?? '', stdout, ...args])
    return { code, stdout, stderr }
  } finally {
    for (const spy of spies) spy.mockRestore()
    vi.unstubAllEnvs()
  }
}

function checkErrors(stderr: string, texts: readonly string[]): void {
  for (const secret of texts.flatMap(secretsIn)) expect(stderr).not.toContain(secret)
  expect(stderr).not.toMatch(/^\s+at /m)
}

/** Finds every string that could be a secret, because it is long and random. */
function secretsIn(text: string): string[] {
  return text.match(/[A-Za-z0-9_-]{32,}/g) ?? []
}
