import { index, route, type RouteConfig } from '@react-router/dev/routes'

export default [
  index('routes/home.tsx'),
  route('login', 'routes/login.ts'),
  route('logout', 'routes/logout.ts'),
  route('notes', 'routes/notes.ts'),
  route('me', 'routes/me.ts'),
  route('fail', 'routes/fail.ts'),
  route('stream', 'routes/stream.ts'),
  route('upstream', 'routes/upstream.ts'),
  route('health', 'routes/health.ts'),
] satisfies RouteConfig
