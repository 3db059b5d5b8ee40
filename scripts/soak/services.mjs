// The services of the soak: what their backends are, and what a client asks them. Each service is a listener and a
// cluster of millrace.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { workDirectory } from '../bench/processes.mjs'

const ECHO = join(import.meta.dirname, 'echo-backend.mjs')
const isInstalled = (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined

/** Checks find a backend that hangs sooner than failed connects do. One service has none. */
const OFTEN = { everyMs: 1000, fastMs: 300, timeoutMs: 1000 }
const PING = [{ send: 'PING\r\n' }, { expect: '+PONG', at: 0 }]

const ALL = [
  {
    name: 'echo',
    backends: 4,
    /** Its part of all new connections. */
    share: 0.5,
    cluster: { balance: 'least-connections' },
    commandOf: (port) => [process.execPath, ECHO, port],
  },
  {
    name: 'nginx',
    program: 'nginx',
    backends: 3,
    share: 0.25,
    cluster: { balance: 'round-robin', health: { check: { http: true, ...OFTEN } } },
    commandOf: (port) => {
      const folder = join(workDirectory, `nginx-${port}`)
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'conf'), nginxConfig(port, folder))
      return ['nginx', '-p', folder, '-c', join(folder, 'conf'), '-e', join(folder, 'errors')]
    },
  },
  {
    name: 'redis',
    program: 'redis-server',
    backends: 3,
    share: 0.25,
    cluster: { balance: 'p2c', health: { check: { script: PING, ...OFTEN } } },
    commandOf: (port) => {
      const places = ['--port', port, '--bind', '127.0.0.1', '--dir', workDirectory]
      return ['redis-server', ...places, '--save', '', '--appendonly', 'no']
    },
  },
]

/** What can run here. Prints which services cannot. */
export function servicesHere() {
  return ALL.filter(({ name, program }) => {
    const isHere = program === undefined || isInstalled(program)
    if (!isHere) console.log(`soak: no ${name}, because ${program} is not installed`)
    return isHere
  })
}

const nginxConfig = (port, folder) => `
daemon off;
master_process off;
pid ${folder}/pid;
events { worker_connections 1024; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server { listen 127.0.0.1:${port}; location / { return 200 "$uri"; } }
}
`
