// One contender in a process of its own, where no other one has warmed, filled or confused anything. It
// is checked, says so, and then takes one measurement each time it is told to.

import { CheckError, checkFormat, checkSession } from './check.mjs'
import { formats, sessions } from './contenders/index.mjs'
import { login, sessionOf } from './payloads.mjs'
import { operationOf } from './scenarios.mjs'
import { timer } from './timing.mjs'

const { kind, name, size, secret } = JSON.parse(process.argv[2])

try {
  const measure = timer(await { format: roundTrip, session: change, request: answer }[kind]())
  // Until everything is compiled that will be.
  await measure(500)
  process.on('message', async (time) => process.send({ time: await measure(time) }))
  process.on('disconnect', () => process.exit())
  process.send({ ready: true })
} catch (error) {
  // What refuses the data is left out; what does not do what it is timed for must not be.
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

/** A whole request: here the "size" is what the request is like. */
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
