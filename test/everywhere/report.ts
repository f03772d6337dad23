// The results: a row for each part and runtime, and a table of all rows.

/** A check that failed. */
export interface Failure {
  readonly name: string
  readonly error: string
}

/** One part of the run on one runtime. */
export interface Row {
  readonly part: string
  readonly runtime: string
  readonly version: string
  readonly engine: string
  readonly checks: number
  readonly failures: readonly Failure[]
  readonly seconds: number
}

/** The subject of a row. */
export type RowHead = Pick<Row, 'part' | 'runtime' | 'version'>

/** Runs one check of a row. After a failure, the next ones still run. */
export type Try = (name: string, act: () => unknown) => Promise<void>

/** Runs a row of checks. `act` may return the engine; an exception outside a check is a failure. */
export async function tally(
  head: RowHead,
  act: (attempt: Try) => Promise<string | void>,
): Promise<Row> {
  const begun = performance.now()
  const failures: Failure[] = []
  let checks = 0
  const attempt: Try = async (name, perform) => {
    checks++
    try {
      await perform()
    } catch (error) {
      failures.push({ name, error: textOf(error) })
    }
  }
  let engine = ''
  try {
    engine = (await act(attempt)) ?? ''
  } catch (error) {
    checks++
    failures.push({ name: 'it runs at all', error: textOf(error) })
  }
  return { ...head, engine, checks, failures, seconds: (performance.now() - begun) / 1000 }
}

/** Prints the failures, the table and the sum. Returns whether everything passed. */
export function printReport(rows: readonly Row[]): boolean {
  for (const { part, runtime, engine, failures } of rows) {
    for (const { name, error } of failures) {
      console.log(
        `\nFAILED ${[part, runtime, engine].filter(Boolean).join(', ')}: ${name}\n${error}`,
      )
    }
  }
  const cells = rows.map(({ part, runtime, version, engine, checks, failures, seconds }) => [
    part,
    runtime,
    version,
    engine,
    String(checks),
    String(checks - failures.length),
    seconds.toFixed(1),
  ])
  const head = ['part', 'runtime', 'version', 'engine', 'checks', 'passed', 'seconds']
  const widths = head.map((_, at) =>
    Math.max(...[head, ...cells].map((row) => row[at]?.length ?? 0)),
  )
  console.log()
  for (const row of [head, ...cells]) {
    console.log(
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
  const failed = rows.reduce((sum, { failures }) => sum + failures.length, 0)
  const passed = rows.reduce((sum, { checks }) => sum + checks, 0) - failed
  console.log(`\n${passed} passed, ${failed} failed`)
  return failed === 0
}

/** Returns the message of an error and the first frames of its stack. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const lines = (error.stack ?? error.message).split('\n')
  const frames = lines.filter((line) => line.startsWith('    at '))
  return [...lines.slice(0, lines.length - frames.length), ...frames.slice(0, 3)].join('\n')
}
