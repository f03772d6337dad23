import { defineConfig } from 'vite'

/** A server in the development server, as frameworks are. */
const server = {
  name: 'server',
  configureServer(vite) {
    vite.middlewares.use('/visits', async (request, response) => {
      const { default: handler } = await vite.ssrLoadModule('/server.js')
      const { headers } = request
      const answer = await handler(
        new Request('http://localhost/', { headers: { cookie: headers.cookie ?? '' } }),
      ).catch((error) => Response.json({ error: error.message }, { status: 500 }))
      response.statusCode = answer.status
      response.setHeaders(answer.headers)
      response.end(await answer.text())
    })
  },
}

export default defineConfig({ plugins: [server] })
