// (a) Sealing and opening: from text to text, and the change of a session through each library's
// own API. Also the whole requests of (b) beside other libraries: each contender has a process of
// its own.

import { fork } from 'node:child_process'
import { formats, sessions, titleOf } from './contenders/index.mjs'
import { rawNode, rawSubtle } from './contenders/limits.mjs'
import { SIZES } from './payloads.mjs'
import { scenarios } from './scenarios.mjs'
import { inRounds } from './timing.mjs'

/** Size -> name -> microseconds for one seal and one open, by round. */
export function measureFormats(secret, effort) {
  const each = formats.map((contender) => ({ kind: 'format', contender }))
  return bySize(SIZES, each, secret, effort)
}

/** Size -> name -> microseconds for one change of a received session, by round; with the limits. */
export function measureSessions(secret, effort) {
  const limits = [rawNode, rawSubtle].map((contender) => ({ kind: 'format', contender }))
  const each = sessions.map((contender) => ({ kind: 'session', contender }))
  return bySize(['login', ...SIZES], [...limits, ...each], secret, effort)
}

/** Scenario -> name -> microseconds for one whole request, by round. */
export function measureScenarios(secret, effort) {
  const each = sessions.map((contender) => ({ kind: 'request', contender }))
  return bySize(Object.keys(scenarios), each, secret, effort)
}

async function bySize(sizes, contenders, secret, effort) {
  const results = {}
  // oxlint-disable-next-line no-await-in-loop
  for (const size of sizes) results[size] = await measure(size, contenders, secret, effort)
  return results
}

async function measure(size, contenders, secret, { rounds, time }) {
  const measures = {}
  const children = []
  try {
    for (const { kind, contender } of contenders) {
      const title = titleOf(contender)
      const given = JSON.stringify({ kind, name: contender.name, size, secret })
      const child = fork(new URL('contender.mjs', import.meta.url), [given])
      children.push(child)
      // oxlint-disable-next-line no-await-in-loop
      const { refused, wrong } = await answerOf(child)
      if (wrong) throw new Error(refused)
      if (refused) console.log(`  ${title}, ${size}: left out, ${refused}`)
      else measures[title] = () => ask(child, time)
    }
    return await inRounds(measures, rounds)
  } finally {
    for (const child of children) if (child.connected) child.disconnect()
  }
}

async function ask(child, time) {
  child.send(time)
  return (await answerOf(child)).time
}

function answerOf(child) {
  return new Promise((resolve, reject) => {
    const end = () => reject(new Error('a contender ended'))
    child.once('exit', end)
    child.once('message', (answer) => {
      child.off('exit', end)
      resolve(answer)
    })
  })
}
