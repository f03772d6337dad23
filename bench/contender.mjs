// One contender in a process of its own, so that no other one warms or fills it. Checks the
// contender, reports that, and then takes one measurement for each request.

import { CheckError, checkFormat, checkSession } from './check.mjs'
import { formats, sessions } from './contenders/index.mjs'
import { login, sessionOf } from './payloads.mjs'
import { operationOf } from './scenarios.mjs'
import { timer } from './timing.mjs'

const { kind, name, size, secret } = JSON.parse(process.argv[2])

try {
  const measure = timer(await { format: roundTrip, session: change, request: answer }[kind]())
  // Until all code that will be compiled is.
  await measure(500)
  process.on('message', async (time) => process.send({ time: await measure(time) }))
  process.on('disconnect', () => process.exit())
  process.send({ ready: true })
} catch (error) {
  // A contender that rejects the data is omitted; one that does not work is an error.
  process.send({ refused: error.message, wrong: error instanceof CheckError })
}

async function roundTrip() {
  const data = dataOf(size)
  const { seal, open } = await formats.find((contender) => contender.name === name).make(secret)
  await checkFormat(name, { seal, open }, data)
  const isAsync = seal(data) instanceof Promise
  return isAsync ? async () => open(await seal(data)) : () => open(seal(data))
}

async function change() {
  const data = dataOf(size)
  const session = await sessionMaker().make(secret)
  const cookie = await checkSession(name, session, data)
  let number = data.lastSeen
  return () => session.step(cookie, ++number)
}

/** A whole request: here the "size" is the kind of request. */
async function answer() {
  const session = await sessionMaker().make(secret)
  await checkSession(name, session, login)
  return operationOf(size, session)
}

function sessionMaker() {
  return sessions.find((contender) => contender.name === name)
}

function dataOf(bytes) {
  return bytes === 'login' ? login : sessionOf(bytes)
}
