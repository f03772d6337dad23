// Writes a session that does not fit to the files of a folder, or reads it, in the current runtime:
//   files.mjs write FOLDER            prints the Cookie header
//   files.mjs read FOLDER COOKIE      prints the data of the session

import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs-lite'
import { createSessions } from '../../src/index.ts'
import { overflow } from '../../src/overflow/overflow.ts'
import { SECRET } from '../support/mint.ts'

const [, , action, base = '', cookie] = process.argv

const sessions = createSessions<{ user: string; cart: string }>({
  secrets: SECRET,
  overflow: overflow({ storage: createStorage({ driver: fsDriver({ base }) }) }),
})

const session = await sessions.open(cookie ?? null)
if (action === 'write') {
  session.set('user', 'ada')
  session.set('cart', 'tea 🍵 '.repeat(8000))
  const [line = ''] = await sessions.setCookies(session)
  console.log(line.split(';', 1).join())
} else {
  const { user, cart = '' } = session.toJSON()
  console.log(JSON.stringify({ user, cart: cart.length, reason: session.rejection?.reason }))
}
