export function GET({ locals: { session } }) {
  session.set('visits', session.get('visits', 0) + 1)
  return Response.json({ visits: session.get('visits') })
}
