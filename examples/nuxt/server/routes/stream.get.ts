import { setResponseHeader } from 'h3'
import { withSession } from '../utils/session'

// The session goes out with the headers: it is changed before the body begins.
export default withSession((event, session) => {
  const visits = session.get('visits', 0) + 1
  session.set('visits', visits)
  setResponseHeader(event, 'content-type', 'text/plain; charset=utf-8')
  const lines = [`visit ${visits}`, 'first line', 'second line', 'last line']
  const body = new ReadableStream<string>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      controller.enqueue(`${lines.shift()}\n`)
      if (lines.length === 0) controller.close()
    },
  })
  return body.pipeThrough(new TextEncoderStream())
})
