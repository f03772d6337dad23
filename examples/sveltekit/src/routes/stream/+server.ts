import type { RequestEvent } from '@sveltejs/kit'

// The session goes out with the headers: it is changed before the body begins.
export function GET({ locals: { session } }: RequestEvent): Response {
  const visits = session.get('visits', 0) + 1
  session.set('visits', visits)
  const lines = [`visit ${visits}`, 'first line', 'second line', 'last line']
  const body = new ReadableStream<string>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      controller.enqueue(`${lines.shift()}\n`)
      if (lines.length === 0) controller.close()
    },
  })
  return new Response(body.pipeThrough(new TextEncoderStream()), {
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  })
}
