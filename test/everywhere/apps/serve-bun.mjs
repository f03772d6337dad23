// Serves a fetch handler on Bun: `bun serve-bun.mjs ./app.mjs`.

const { default: app } = await import(process.argv[2])
const server = Bun.serve({ hostname: '127.0.0.1', port: 0, development: false, ...app })
console.log(`Listening on ${server.url.href}`)
