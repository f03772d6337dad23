// npm run fuzz -- [--seconds 60 | --executions N] [--seed N] [--replay FILE] [--keep] [--gaps]

import { Session } from 'node:inspector'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { inputOf, lineOf, minimise, readCorpus, writeCorpus } from './corpus.ts'
import { Coverage } from './coverage.ts'
import { Search } from './loop.ts'
import type { Found } from './loop.ts'
import { Model } from './model.ts'
import { mutate } from './mutator.ts'
import { Oracle, mostWork } from './oracle.ts'
import { Random } from './random.ts'
import { SEEDS } from './seeds.ts'

/** Bytes that the fuzzer itself may need while it runs, beside its corpus. */
const MAX_GROWTH = 48 * 2 ** 20

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    executions: { type: 'string' },
    seed: { type: 'string' },
    replay: { type: 'string' },
    keep: { type: 'boolean', default: false },
    gaps: { type: 'boolean', default: false },
  },
})

const library = new URL('../../dist/', import.meta.url).href
const coverage = new Coverage((url) => url.startsWith(library))
const { createSessions } = await import('sealed-session')
const oracle = new Oracle(createSessions, await Model.load())
await oracle.warm()

process.exitCode = values.replay === undefined ? await search() : await replay(values.replay)

async function replay(file: string): Promise<number> {
  const input = inputOf(readFileSync(file, 'utf8'))
  coverage.read()
  await oracle.probe(input).catch(() => undefined)
  const { work } = coverage.read()
  const finding = await oracle.check(input)
  console.log(
    finding ?? `holds: ${await oracle.verdict(input)}, ${work} of ${mostWork(input)} blocks`,
  )
  return finding === undefined && work <= mostWork(input) ? 0 : 1
}

async function search(): Promise<number> {
  const seed = values.seed === undefined ? Date.now() % 2 ** 32 : Number(values.seed)
  const target = {
    check: (input: string) => oracle.check(input),
    probe: (input: string) => oracle.probe(input),
    mostWork,
  }
  const run = new Search(target, coverage, mutate, new Random(seed))
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1000
  const limit = Number(values.executions ?? Infinity)
  const isOver = (share: number) =>
    values.executions === undefined
      ? seconds() >= Number(values.seconds) * share
      : run.executions >= limit * share

  let found = await run.load([...SEEDS.map(({ header }) => header), ...readCorpus()])
  // By then, everything that is loaded and compiled once is.
  found ??= await run.run(() => isOver(0.3))
  const before = heapWithout(run)
  found ??= await run.run(() => isOver(1))
  const growth = heapWithout(run) - before

  const rate = Math.round(run.executions / seconds())
  console.log(`seed ${seed}: ${run.executions} executions in ${Math.round(seconds())} s, ${rate}/s`)
  console.log(`${run.features.size} features, ${run.corpus.length} inputs in the corpus`)
  const { slowest, hardest } = run
  console.log(`slowest: ${slowest.milliseconds.toFixed(1)} ms, ${excerpt(slowest.input)}`)
  const share = Math.round(hardest.share * 100)
  console.log(
    `most work: ${hardest.work} blocks, ${share} % of the bound, ${excerpt(hardest.input)}`,
  )
  console.log(`heap: ${(growth / 2 ** 20).toFixed(1)} MiB since 30 % of the run`)
  if (values.keep && found === undefined) {
    const kept = await minimise(run)
    writeCorpus(kept)
    console.log(`kept ${kept.length} inputs`)
  }
  // Last, because another inspector session ends the counting of this one.
  if (values.gaps) printGaps()
  if (found !== undefined) return report(found)
  if (growth <= MAX_GROWTH) return 0
  console.log('FOUND: the heap grows')
  return 1
}

function report({ promise, detail, input }: Found): number {
  const folder = join(tmpdir(), 'sealed-session-fuzz')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${Date.now()}.json`)
  writeFileSync(file, lineOf(input))
  console.log(`FOUND: ${promise}: ${detail.slice(0, 2000)}`)
  console.log(`again: npm run fuzz -- --replay ${file}`)
  return 1
}

function excerpt(input: string): string {
  return `${input.length} characters: ${lineOf(input.slice(0, 80))}`
}

/** Returns the bytes in use after a garbage collection, without the inputs that are kept. */
function heapWithout({ corpus }: Search): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') Reflect.apply(collect, undefined, [])
  const kept = corpus.reduce((sum, input) => sum + input.length * 2, 0)
  return process.memoryUsage().heapUsed - kept
}

/** Returns the lines whose blocks were never reached. */
function printGaps(): void {
  const session = new Session()
  session.connect()
  session.post('Debugger.enable')
  for (const { url, scriptId, start, end } of coverage.gaps()) {
    session.post('Debugger.getScriptSource', { scriptId }, (error, { scriptSource }) => {
      if (error !== null) throw error
      const line = scriptSource.slice(0, start).split('\n').length
      const text = scriptSource.slice(start, end).trim().split('\n', 3).join(' ').slice(0, 100)
      console.log(`not reached: ${url.slice(library.length)}:${line}: ${text}`)
    })
  }
  session.disconnect()
}
