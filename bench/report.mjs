// Writes RESULTS.md from results.json, which has the measurements by round.

import { coldStart, judge, judgeRuntime, sizeName } from './claims.mjs'
import { sessions, titleOf } from './contenders/index.mjs'
import { authCore } from './contenders/auth-core.mjs'
import { ironSession } from './contenders/iron-session.mjs'
import { rawNode } from './contenders/limits.mjs'
import { engineNode, sealedSession } from './contenders/sealed-session.mjs'
import { NO_SESSION } from './load.mjs'
import { payloads } from './payloads.mjs'
import { median, ratio, summary } from './timing.mjs'

export function report({ node, runtimes, store, device }) {
  return [
    `# What a session costs

Written by \`npm run bench\` and, for the other runtimes, Redis and device-bound sessions,
\`npm run bench -- --runtimes\`, \`--store\` and \`--device\`. Machines differ and drift: compared values were measured in one run, and a ratio is the
median of the rounds' own ratios.

${node ? summaryOf(node) : ''}

![A change of a login session, in microseconds](chart.svg)
`,
    node ? nodeReport(node) : '',
    runtimes ? runtimesReport(runtimes) : '',
    store ? storeReport(store) : '',
    device ? deviceReport(device) : '',
    METHOD,
  ].join('\n')
}

const METHOD = `## How it is measured

- Before a contender is timed, what it sealed must open to the same data, and altered values must not open.
- Each contender of the first two tables has a process of its own. Contenders take turns, round after round, another one first each time. A round is the mean of as many
  operations as fit its time, 8 in a row to a reading of the clock, as tinybench takes it; the garbage
  collector's share is in it. Numbers are the medians of rounds, with the quarters below and above which
  the outer rounds lie.
- The event loop turns between two readings, as it does between two requests.
- The limit is only the runtime's own AES-256-GCM, JSON and base64url: no header, no expiry, no check.
- A session changed is \`open\` of a \`Cookie\` header, \`set\` of one number, and the \`Set-Cookie\` lines. Other
  libraries are called as their documentation says; where their own way is more than that, the notes say
  what is called instead, which is always less work.
${sessions
  .filter(({ note }) => note !== undefined)
  .map((contender) => `- ${titleOf(contender)}: ${contender.note}.`)
  .join('\n')}
- h3 derives its keys from the password with PBKDF2, at every seal and every opening.
- @auth0/nextjs-auth0 and express-openid-connect are called by the file that holds their session, since
  their entries need a whole application. better-auth's cookie cache is written by a server with a
  database; its functions are called. Not here: Remix's cookie storage, which is react-router's.
- workerd's clock stands still while a request is computed: there, the client measures the time of many
  operations, and subtracts that of none.
`

function nodeReport(node) {
  const { machine, formats, sessions: changed, requests, opens, added, growth, load, starts } = node
  const claims = judge(node)
  return [
    `## Ratios

${machine.text}

${table(
  ['', 'asked', 'here', ''],
  claims.map(({ claim, bound, value, holds }) => [
    claim,
    bound,
    Number.isInteger(value) ? String(value) : value.toFixed(2),
    holds ? 'holds' : '**does not hold**',
  ]),
)}
${WHY}

## A session changed, through the public API

How many times as long as sealed-session, and µs.

${timesTable(changed, titleOf(sealedSession))}

## Where the time goes

${profilesReport(node.profiles)}
## Sealing and opening, text to text

How many times as long as \`node:crypto\` alone, and µs for one seal and one open.

${timesTable(formats, titleOf(rawNode))}

## Characters of cookies

Values only, as in the \`Cookie\` header. A dash is a session that is rejected.

${bytesTable(node.bytes)}

What a response sends, in bytes of header fields, when a session was only used and that is due to be
recorded: a ticket, for any size of the session.

${table(['', ...Object.keys(node.renewals)], [['sealed-session', Object.values(node.renewals).map(String)]])}

## A whole request

A \`Request\` with its \`Cookie\` header in, a \`Response\` out, through \`wrap\`; beside it the same two objects
without a session. \`µs\`, login session, unless it says three cookies.

${table(
  ['', 'with', 'without', 'ratio', 'added'],
  Object.entries(requests).map(([kind, { with: one, without: other }]) => [
    kind,
    spread(one),
    spread(other),
    ratio(one, other).toFixed(2),
    median(one.map((time, round) => time - other[round])).toFixed(1),
  ]),
)}
What a read-only request adds, against one \`Request\` with the cookie and one \`Response\` that sets it:

${table(
  ['JSON', 'added', 'Request and Response', 'ratio'],
  Object.entries(added).map(([size, times]) => [
    sizeName(size),
    spread(times.added),
    spread(times.built),
    ratio(times.added, times.built).toFixed(2),
  ]),
)}
\`open\` alone:

${table(
  ['', 'µs'],
  Object.entries(opens).map(([kind, times]) => [kind, spread(times)]),
)}
## A whole request beside other libraries

The same login session, or one of 8.5 kB where it says three cookies, behind the same few lines of a fetch
handler: how many times as long as sealed-session, and µs. A dash is a library that rejects it. An
anonymous request, one that only reads, and junk write nothing.

${scenariosTable(node.scenarios)}
## A server on loopback

Requests a second of \`node:http\` under autocannon, 10 connections, both on this machine. Each library is
sent its own login session; without a session, ours is sent and not read.

${table(
  ['', 'requests a second', 'of those without a session'],
  Object.entries(load).map(([kind, rates]) => [
    kind,
    Math.round(median(rates)).toLocaleString('en').replaceAll(',', ' '),
    ratio(rates, load[NO_SESSION]).toFixed(2),
  ]),
)}
## Starting

A new process that seals and opens its first session, in milliseconds, and the difference to an empty program.

${table(
  ['', 'ms', 'over an empty program'],
  Object.entries(starts).map(([name, times]) => [
    name,
    spread(times),
    median(times.map((time, round) => time - starts['an empty program'][round])).toFixed(1),
  ]),
)}
JavaScript files that it opens, those of its packages included:

${table(
  ['', 'files'],
  Object.entries(node.files).map(([name, count]) => [name, `${count}`]),
)}
Bundled with esbuild for an edge runtime, \`node:\` modules omitted:

${table(
  ['', 'minified', 'gzip'],
  Object.entries(node.bundles).map(([name, { minified, gzip }]) => [name, kB(minified), kB(gzip)]),
)}
### What the kilobytes buy

${weightsReport(node.weights)}
## What a preset lets through

Bytes of JSON in one session before the size guard refuses it, and how many fitted in the format before this
one, a whole JWE with named claims:

${table(
  ['', ...Object.keys(node.capacity)],
  [
    ['now', ...Object.values(node.capacity).map(({ now }) => String(now))],
    ['before', ...Object.values(node.capacity).map(({ before }) => String(before))],
  ],
)}
## Memory

${memoryReport(node.memory)}
## How it grows

µs to seal and open a bare token, by the bytes of its JSON. A token of 64 kB is rejected by the public API.

${growthTable(growth.data)}
µs to open a login session that the last of this many secrets sealed, and beside this many other cookies:

${table(
  ['secrets', 'µs'],
  Object.entries(growth.secrets).map(([count, times]) => [count, spread(times)]),
)}
${table(
  ['other cookies', 'µs'],
  Object.entries(growth.cookies).map(([count, times]) => [count, spread(times)]),
)}`,
  ].join('\n')
}

const WHY = `Why the other ratios do not hold:

- libsodium seals and opens in one native call each. \`node:crypto\` creates an object for every token, two for
  a round trip, and draws each IV separately; that alone costs more than libsodium's whole round trip at 132
  bytes, as the row of the limit shows. Drawing many IVs at once would save 1.5 µs, but a snapshot of the machine
  that is started twice would use them twice.
- What a login session that is changed or read, and a cold start, spend their time on stands
  [below](#where-the-time-goes).
- A request that reads pays for a second \`Response\`: the handler's own is never changed, because an application
  may return the same object to the next visitor. The rest is the processor's caches: a \`new Response\` takes 5 µs
  in a loop of its own and 13 behind a session that was opened and sealed, with the same code.
- A cold start reads and compiles six times the code that iron-session has, packages included. \`cookie\` is CommonJS for Node 20, which
  Node's loader parses once more for its names; the ES module of Node 22 and later is not. \`node:crypto\`
  loads Node's streams, which a server has loaded anyway. A minified file measured the same.
- What the bytes of the bundle buy stands [below](#what-the-kilobytes-buy).
- WebCrypto in Node runs in the thread pool, and its share of a ratio changes from
  run to run. What jose adds is promises, and base64 written in JavaScript, which newer runtimes have built in:
  it is little in Bun and Deno, and much in workerd, where \`crypto.subtle\` needs no thread pool. Node, Bun, Deno
  and workerd with Node's compatibility use \`node:crypto\`.
- Characters: a session has an id, two times and the name of its key. express-openid-connect has neither id
  nor key name, and its times in the header, which is not encrypted. libsodium's box has no end
  inside.`

/** Five lines for a reader who stops there. */
function summaryOf({ sessions: changed, requests, memory, starts, weights, bundles, bytes }) {
  const own = titleOf(sealedSession)
  const times = changed.login[own]
  const over = (name) => ratio(changed.login[name], times).toFixed(0)
  const read = requests['read only']
  const peers = Object.entries(bytes).filter(
    ([name, { form, expires }]) => name !== own && expires && /^(?:JWE|Iron)/.test(form),
  )
  const shortest = Math.min(...peers.map(([, { lengths }]) => lengths['a login'] ?? Infinity))
  const { request, both } = memory.held
  return [
    `A login session opened, changed and written takes ${median(times).toFixed(0)} µs, ${ratio(times, changed.login[titleOf(rawNode)]).toFixed(1)} times what AES-GCM, JSON and base64url alone take: iron-session takes ${over(titleOf(ironSession))} times as long, @auth/core ${over(titleOf(authCore))} times.`,
    `A request that only reads it takes ${ratio(read.with, read.without).toFixed(1)} times as long as its \`Request\` and \`Response\` alone, and sets no cookie.`,
    `It allocates ${kB(memory.allocated['a login read'] - memory.allocated['without a session'])} beside those two; a session in use holds ${kB(both - request)}, and one that is over holds nothing.`,
    `A new process has its first session after ${coldStart(starts).toFixed(2)} times iron-session's time; an edge bundle takes ${kB(weights.all)} of gzip, ${kB(weights.own)} of it ours (iron-session: ${kB(bundles['iron-session'].gzip)}).`,
    `The cookie of a login has ${bytes[own].lengths['a login']} characters; the shortest other encrypted one that has an end inside has ${shortest}.`,
  ]
    .map((line) => `- ${line}`)
    .join('\n')
}

function profilesReport({ steady, starts }) {
  const percent = (share) => `${(100 * share).toFixed(0)} %`
  return `By a profile, in which native code counts for the function that calls it. Of a login session, when all code is
compiled:

${partsTable(steady, percent, 0.005)}
Of a new process until its first session, in milliseconds beside an empty program. The profiler slows it down,
so only the proportions count:

${partsTable(starts, (time) => time.toFixed(1), 0.05)}`
}

/** One column for each profile, one row for each part that is not negligible in one of them. */
function partsTable(profiles, format, least) {
  const names = Object.keys(profiles)
  const most = (part) => Math.max(...names.map((name) => profiles[name][part] ?? 0))
  const parts = [...new Set(Object.values(profiles).flatMap(Object.keys))]
  return table(
    ['', ...names],
    parts
      .filter((part) => most(part) >= least)
      .toSorted((one, other) => most(other) - most(one))
      .map((part) => [part, names.map((name) => format(profiles[name][part] ?? 0))]),
  )
}

function memoryReport({ allocated, kept, held }) {
  const plain = allocated['without a session']
  return `Bytes that one request allocates, its \`Request\` and \`Response\` included, and without them:

${table(
  ['', 'bytes', 'the session alone'],
  Object.entries(allocated).map(([kind, bytes]) => [
    kind,
    Math.round(bytes),
    Math.round(bytes - plain),
  ]),
)}
The heap after each fifth of a million sessions that were opened one after the other, in MB: ${kept
    .map((bytes) => (bytes / 1e6).toFixed(2))
    .join(
      ', ',
    )}. Of ten thousand requests under way at a time, each holds ${Math.round(held.both)} bytes, ${Math.round(held.both - held.request)} of them
for the session and the promises of its handler.
`
}

function weightsReport({ own, all, allOfNode22, features, dependencies }) {
  const rows = Object.entries({ ...features, ...dependencies })
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, bytes]) => [name, String(bytes)])
  return `Of \`import { createSessions }\`: ${own} bytes of gzip of our own, and ${all} with jose and cookie (${allOfNode22} with
cookie 2, which npm installs for Node 22 and later: an ES module, of which bundlers take what is used). A row is what
the bundle loses if that alone is left out, with what is there for it only. What two features share is in
neither row, so the rows are no sum.

${table(['', 'bytes'], rows)}`
}

function isolatesReport(isolates) {
  const [nothing, ...libraries] = Object.keys(Object.values(isolates)[0])
  const cellsOf = (times) => [nothing, ...libraries].map((name) => spread(times[name]))
  const added = (times) =>
    libraries.map((name) =>
      median(times[name].map((time, at) => time - times[nothing][at])).toFixed(1),
    )
  return `### A fresh isolate

Milliseconds from the start of the runtime to the first answer, which seals and opens one session, and the
same less a program without a library. Two columns stop earlier. What \`createSessions\` adds to the
import is mostly \`node:crypto\`, where it is there. Each session that is changed afterwards is faster for it, by a
fifth of a millisecond in Bun and Deno and a hundredth in workerd.

${table(
  ['', nothing, ...libraries, ...libraries.map((name) => `${name}, less ${nothing}`)],
  Object.entries(isolates).map(([runtime, times]) => [runtime, cellsOf(times), added(times)]),
)}`
}

function runtimesReport({ machine, measured, isolates }) {
  const names = Object.keys(Object.values(measured)[0].results)
  const sections = names.map((size) => {
    const rows = Object.entries(measured).map(([runtime, { version, results }]) => {
      const judged = judgeRuntime(results[size])
      return [
        `${runtime} ${version}`,
        Object.values(judged).map((value) => (value === null ? '–' : value.toFixed(2))),
      ]
    })
    const titles = Object.keys(judgeRuntime(Object.values(measured)[0].results[size]))
    const contenders = [
      ...new Set(Object.values(measured).flatMap(({ results }) => Object.keys(results[size]))),
    ]
    return `### ${sizeName(size)}

${table(['', ...titles], rows)}
${table(
  ['µs', ...Object.keys(measured)],
  contenders.map((name) =>
    [name].concat(
      Object.values(measured).map(({ results }) =>
        results[size][name] ? spread(results[size][name]) : '–',
      ),
    ),
  ),
)}`
  })
  return `## Other runtimes

${machine.text} Where \`node:crypto\` is there, it is the engine; workerd has it or not, by its
compatibility flag, and there \`crypto.subtle\` needs no thread pool.

${sections.join('\n')}
${isolates === undefined ? '' : isolatesReport(isolates)}`
}

function timesTable(bySize, reference) {
  const sizes = Object.keys(bySize).toSorted((a, b) =>
    a === 'login' ? -1 : b === 'login' ? 1 : a - b,
  )
  const names = Object.keys(bySize[sizes[0]])
  return table(
    ['', ...sizes.map(sizeName), ...sizes.map((size) => `µs, ${sizeName(size)}`)],
    names.map((name) => [
      name,
      sizes.map((size) => {
        const times = bySize[size][name]
        return times === undefined ? '–' : ratio(times, bySize[size][reference]).toFixed(2)
      }),
      sizes.map((size) => (bySize[size][name] === undefined ? '–' : spread(bySize[size][name]))),
    ]),
  )
}

function scenariosTable(byScenario) {
  const own = titleOf(sealedSession)
  const names = [...new Set(Object.values(byScenario).flatMap(Object.keys))]
  return table(
    ['', ...Object.keys(byScenario)],
    names.map((name) => [
      name,
      Object.values(byScenario).map((times) =>
        times[name] === undefined
          ? '–'
          : `${ratio(times[name], times[own]).toFixed(2)} · ${spread(times[name])}`,
      ),
    ]),
  )
}

function bytesTable(bytes) {
  return table(
    ['', 'form', 'ends inside', ...Object.keys(payloads)],
    Object.entries(bytes).map(([name, { form, expires, lengths }]) => [
      name,
      form,
      expires ? 'yes' : 'no',
      Object.values(lengths).map((length) => (length === null ? '–' : String(length))),
    ]),
  )
}

function storeReport(store) {
  const [scenarios = []] = Object.values(store).map(Object.keys)
  const rows = scenarios.flatMap((scenario) =>
    Object.entries(store).map(([name, measured]) => {
      const { reads, writes, received, sent, cookie } = measured[scenario]
      return [scenario, name, `${reads}`, `${writes}`, kB(sent), kB(received), `${cookie}`]
    }),
  )
  return `## With Redis

Commands of one request and what travels for it, as Redis counts them (\`GET\`; \`SET\` and \`EXPIRE\`), and
the characters of the \`Cookie\` header. A parcel takes the next power of two of its text, in base64url.

${table(['', '', 'reads', 'writes', 'from Redis', 'to Redis', 'cookie'], rows)}`
}

function deviceReport({ machine, measured }) {
  const { characters, requests, proofs } = measured
  const names = Object.keys(requests['read only'])
  return `## Sessions that are bound to a device

${machine.text}

What such a session sends with each request, in characters of its \`Cookie\` header, its ticket included. The key of the device is sent only to the endpoint.

${table(
  ['', ...Object.keys(characters)],
  ['plain', 'bound', 'more'].map((row) => [
    { plain: 'not bound', bound: 'bound', more: 'difference' }[row],
    Object.values(characters).map((each) => String(each[row])),
  ]),
)}
A whole request of a login session, through \`wrap\` with the option \`device\`: µs, and how many times as long as
one that is not bound. A bound session's ticket is opened with each request, and so is that of a session that was
used for longer than \`touchInterval\`, which is the fair comparison.

${table(
  ['', ...names, 'over not bound', 'over one with a ticket'],
  Object.entries(requests).map(([kind, times]) => [
    kind,
    names.map((name) => spread(times[name])),
    ['not bound', 'not bound, with a ticket'].map((name) =>
      ratio(times['bound, proven'], times[name]).toFixed(2),
    ),
  ]),
)}
What the endpoint takes, which a browser asks once in an \`interval\`, for a challenge and for a proof: µs.
WebCrypto imports the key and verifies the signature.

${table(
  ['', 'µs'],
  Object.entries(proofs).map(([name, times]) => [name, spread(times)]),
)}`
}

function growthTable(data) {
  const sizes = [...new Set(Object.keys(data).map((key) => key.split(', ')[0]))]
  const cell = (size, name) => (data[`${size}, ${name}`] ? spread(data[`${size}, ${name}`]) : '–')
  return table(
    ['JSON', 'limit', titleOf(engineNode), 'public API'],
    sizes.map((size) => [
      sizeName(size),
      cell(size, 'limit'),
      cell(size, 'engine'),
      cell(size, 'public API'),
    ]),
  )
}

/** The median, and the quartiles. */
function spread(times) {
  const { median: middle, low, high } = summary(times)
  const digits = middle < 100 ? 1 : 0
  return `${middle.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`
}

function kB(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`
}

/** A row may contain arrays of cells. */
function table(head, rows) {
  const line = (cells) => `| ${cells.flat().join(' | ')} |\n`
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('')
}
