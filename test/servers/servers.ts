// The servers with a preset that Debian packages, in front of an upstream. Only their addresses,
// upstreams and folders are configured; every limit is the default.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, launch } from './programs.ts'
import type { Program, Running } from './programs.ts'

export const SERVERS = ['nginx', 'apache', 'haproxy', 'node'] as const

/** A server between the application and its users; `node` is the application itself. */
export type ServerName = (typeof SERVERS)[number]

export interface Servers {
  readonly ports: Readonly<Record<ServerName, number>>
  readonly stop: () => Promise<void>
}

interface Launch {
  readonly program: Program
  readonly config: (folder: string, port: number, upstream: number) => string
  readonly args: (folder: string, file: string) => readonly string[]
}

const isRoot = process.getuid?.() === 0

/** Where Debian's package puts Apache's modules. */
const APACHE_MODULES = '/usr/lib/apache2/modules'

const LAUNCHES: Readonly<Record<Exclude<ServerName, 'node'>, Launch>> = {
  nginx: {
    program: 'nginx',
    config: (folder, port, upstream) => `
      daemon off;
      ${isRoot ? 'user root;' : ''}
      pid ${folder}/nginx.pid;
      error_log stderr;
      events {}
      http {
        access_log off;
        client_body_temp_path ${folder}/body;
        proxy_temp_path ${folder}/proxy;
        fastcgi_temp_path ${folder}/fastcgi;
        uwsgi_temp_path ${folder}/uwsgi;
        scgi_temp_path ${folder}/scgi;
        server {
          listen 127.0.0.1:${port};
          location / { proxy_pass http://127.0.0.1:${upstream}; }
        }
      }`,
    args: (folder, file) => ['-p', folder, '-e', 'stderr', '-c', file],
  },
  apache: {
    program: 'apache2',
    // Apache refuses to serve as root, so it needs another user.
    config: (folder, port, upstream) => `
      ServerName 127.0.0.1
      Listen 127.0.0.1:${port}
      ${isRoot ? 'User www-data\nGroup www-data' : ''}
      DefaultRuntimeDir ${folder}
      PidFile ${folder}/apache.pid
      ErrorLog ${folder}/error.log
      LoadModule mpm_event_module ${APACHE_MODULES}/mod_mpm_event.so
      LoadModule authz_core_module ${APACHE_MODULES}/mod_authz_core.so
      LoadModule proxy_module ${APACHE_MODULES}/mod_proxy.so
      LoadModule proxy_http_module ${APACHE_MODULES}/mod_proxy_http.so
      ProxyPass / http://127.0.0.1:${upstream}/`,
    args: (folder, file) => ['-d', folder, '-f', file, '-DFOREGROUND'],
  },
  haproxy: {
    program: 'haproxy',
    config: (_folder, port, upstream) => `
defaults
  mode http
  timeout connect 120s
  timeout client 120s
  timeout server 120s
listen proxy
  bind 127.0.0.1:${port}
  server application 127.0.0.1:${upstream}
`,
    args: (_folder, file) => ['-f', file, '-db'],
  },
}

/** The programs of the servers. */
export const PROGRAMS: readonly Program[] = Object.values(LAUNCHES).map(({ program }) => program)

/** Starts every server in front of an upstream. */
export async function startServers(upstream: number): Promise<Servers> {
  const started = await Promise.allSettled([
    start('nginx', upstream),
    start('apache', upstream),
    start('haproxy', upstream),
  ])
  const running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const stop = async () => {
    await Promise.all(running.map((server) => server.stop()))
  }
  const [nginx, apache, haproxy] = running
  if (nginx === undefined || apache === undefined || haproxy === undefined) {
    await stop()
    throw new AggregateError(
      started.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])),
      'not every server has started',
    )
  }
  const ports = { nginx: nginx.port, apache: apache.port, haproxy: haproxy.port, node: upstream }
  return { ports, stop }
}

async function start(name: Exclude<ServerName, 'node'>, upstream: number): Promise<Running> {
  const { program, config, args } = LAUNCHES[name]
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), `sealed-session-${name}-`))
  const file = join(folder, 'server.conf')
  writeFileSync(file, config(folder, port, upstream))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const server = await launch(program, args(folder, file), port)
    return { port, stop: () => server.stop().finally(remove) }
  } catch (error) {
    remove()
    throw error
  }
}
