// Who takes part: how each is found, configured and started, and what its package is called where it is missing.
// All get the same layout; the configs under contenders/ are what their own experts would write.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { MOST_CONNECTIONS } from './loads.mjs'
import { nextPort, start, stop, waitUntilListening, workDirectory } from './processes.mjs'

const HERE = import.meta.dirname
const ADMIN_SOCKET = join(workDirectory, 'admin.sock')
const SCRAPE_EVERY_MS = 1000
const CLI = join(HERE, '../../dist/cli.js')
const STREAM_MODULE = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules', '/usr/local/nginx/modules']
  .map((directory) => join(directory, 'ngx_stream_module.so'))
  .find((path) => existsSync(path))

const isOrdinary = (load) => load.family !== 'loop'
const isForLibraries = (load) => load.family === 'loop'
const isForCarriers = (load) => ['bulk', 'request', 'connect', 'veth'].includes(load.family)
const isForStreams = (load) => load.isCore && isForCarriers(load)
// A process per connection: thousands of them say nothing about a proxy.
const isForSocat = (load) => isForStreams(load) && load.connections <= 64
// The generator's ceiling. Within one namespace it would be loopback's, not the veth pair's.
const isForDirect = (load) => ['bulk', 'request', 'connect', 'probe', 'slow'].includes(load.family)

/**
 * `kind`: `rival` (what a person could pick instead), `reference` (the kernel's own cost), `ceiling` (the load
 * generator alone), `ours`. One that `answers` is asked on stdin for figures of its own. A contender without a
 * command is the load generator talking to itself.
 */
export function listContenders({ spliceLoop }) {
  const haproxy = { kind: 'rival', apt: 'haproxy', version: ['haproxy', '-v'], takesPart: isOrdinary }
  const ours = { kind: 'ours', isFound: () => existsSync(CLI), missing: 'not built yet: npm run build' }
  const loopDelay = (who, at) => ['node', join(HERE, 'loop-delay.mjs'), who, ...ends(at)]
  return [
    { name: 'direct', label: 'no proxy', kind: 'ceiling', takesPart: isForDirect },
    {
      name: 'c-splice',
      label: 'C splice loop',
      kind: 'reference',
      takesPart: isOrdinary,
      command: (at) => [spliceLoop, ...ends(at)],
    },
    {
      ...haproxy,
      name: 'haproxy-splice',
      label: 'HAProxy splice',
      command: (at) => ['haproxy', '-f', fill('haproxy-splice.cfg', at)],
    },
    {
      ...haproxy,
      name: 'haproxy-copy',
      label: 'HAProxy copy',
      command: (at) => ['haproxy', '-f', fill('haproxy-copy.cfg', at)],
    },
    {
      name: 'nginx',
      label: 'nginx stream',
      kind: 'rival',
      apt: 'nginx libnginx-mod-stream',
      version: ['nginx', '-v'],
      isFound: () => STREAM_MODULE !== undefined,
      takesPart: isOrdinary,
      command: (at) => ['nginx', '-c', fill('nginx.conf', at)],
    },
    {
      name: 'socat',
      label: 'socat',
      kind: 'rival',
      apt: 'socat',
      version: ['socat', '-V'],
      takesPart: isForSocat,
      command: ({ listen, backend }) => [
        'socat',
        ...['-b', '65536'],
        `TCP-LISTEN:${listen.port},bind=${listen.host},reuseaddr,fork,backlog=4096,nodelay`,
        `TCP:${backend.host}:${backend.port},nodelay`,
      ],
    },
    {
      name: 'node-pipe',
      label: 'a.pipe(b)',
      kind: 'rival',
      takesPart: isOrdinary,
      command: (at) => ['node', join(HERE, 'node-pipe.mjs'), ...ends(at)],
    },
    {
      ...ours,
      name: 'millrace',
      label: 'millrace',
      takesPart: isOrdinary,
      command: (at) => millrace('auto', at),
    },
    {
      ...ours,
      name: 'millrace-on',
      label: 'millrace, splice on',
      takesPart: isForCarriers,
      command: (at) => millrace('on', at),
    },
    {
      ...ours,
      name: 'millrace-off',
      label: 'millrace, splice off',
      takesPart: isForCarriers,
      command: (at) => millrace('off', at),
    },
    {
      ...ours,
      name: 'millrace-stream',
      label: 'millrace, no addon',
      takesPart: isForStreams,
      env: { MILLRACE_NATIVE: 'off' },
      command: (at) => millrace('auto', at),
    },
    {
      ...ours,
      name: 'millrace-logging',
      label: 'millrace, access log on',
      takesPart: (load) => load.family === 'connect',
      command: (at) => millrace('auto', { ...at, writesAccessLog: true }),
    },
    {
      ...ours,
      name: 'millrace-uncounted',
      label: 'millrace, nothing counted',
      takesPart: (load) => load.family === 'connect',
      command: (at) => millrace('auto', at, join(HERE, 'uncounted.mjs')),
    },
    {
      ...ours,
      name: 'millrace-scraped',
      label: 'millrace, metrics read each second',
      takesPart: (load) => load.family === 'connect',
      isScraped: true,
      command: (at) => millrace('auto', { ...at, hasAdmin: true }),
    },
    {
      name: 'node-pipe-library',
      label: 'a.pipe(b)',
      kind: 'rival',
      takesPart: isForLibraries,
      answers: true,
      command: (at) => loopDelay('pipe', at),
    },
    {
      ...ours,
      name: 'millrace-library',
      label: 'millrace',
      takesPart: isForLibraries,
      answers: true,
      command: (at) => loopDelay('millrace', at),
    },
  ]
}

/** Why a contender cannot take part here, with what to do about it; undefined where it can. */
export function reasonMissing({ apt, isFound, missing, version }) {
  if (isFound !== undefined && !isFound()) return missing ?? `apt-get install ${apt}`
  if (version !== undefined && versionOf(version) === undefined) return `apt-get install ${apt}`
  return undefined
}

/** The version a program tells of itself; undefined when it cannot be run. */
export function versionOf([command, ...args]) {
  const { error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  return error === undefined ? /\d+\.\d[\w.+~-]*/.exec(`${stdout}${stderr}`)?.[0] : undefined
}

/**
 * Starts a contender before a backend (which need not listen yet) and waits until it listens. Answers where
 * clients connect, where the backend is to listen, and the process, if it is one.
 */
export async function startContender(contender, { core, namespaces }) {
  const backend = { host: namespaces?.load.host ?? '127.0.0.1', port: await nextPort() }
  if (contender.command === undefined) return { listen: backend, backend }
  const listen = { host: namespaces?.proxy.host ?? '127.0.0.1', port: await nextPort() }
  const commandLine = contender.command({ listen, backend }).map(String)
  const child = start(commandLine, {
    core,
    namespace: namespaces?.proxy.name,
    env: contender.env,
    stdout: contender.answers ? 'pipe' : 'ignore',
  })
  try {
    await waitUntilListening(child, listen.port)
  } catch (error) {
    await stop(child)
    throw error
  }
  if (contender.isScraped) scrape(child)
  return { listen, backend, child }
}

/** As a Prometheus does, for as long as the process lives; an answer that is not whole ends the bench. */
function scrape(child) {
  const options = { socketPath: ADMIN_SOCKET, path: '/metrics', headers: { host: 'localhost' }, agent: false }
  const look = () =>
    get(options, (response) => {
      if (response.statusCode !== 200) throw new Error(`a scrape got ${response.statusCode}`)
      response.resume()
    }).on('error', () => {})
  const timer = setInterval(look, SCRAPE_EVERY_MS)
  child.once('exit', () => clearInterval(timer))
}

function millrace(splice, at, program = CLI) {
  return [
    'node',
    '--max-semi-space-size=1',
    program,
    '--config',
    fill('millrace.yaml', { writesAccessLog: false, hasAdmin: false, ...at, splice }),
  ]
}

const ends = ({ listen, backend }) => [listen.host, listen.port, backend.host, backend.port]

/** Writes a config out of its template and answers the path. */
function fill(template, { listen, backend, splice, writesAccessLog, hasAdmin }) {
  const values = {
    LISTEN: `${listen.host}:${listen.port}`,
    BACKEND: `${backend.host}:${backend.port}`,
    CONNECTIONS: MOST_CONNECTIONS + 100,
    SOCKETS: 2 * MOST_CONNECTIONS + 300,
    DIRECTORY: workDirectory,
    MODULE: STREAM_MODULE,
    SPLICE: splice,
    ACCESS: writesAccessLog,
    ADMIN: hasAdmin ? `unix:${ADMIN_SOCKET}` : false,
  }
  const text = readFileSync(join(HERE, 'contenders', template), 'utf8')
  const path = join(workDirectory, template)
  writeFileSync(
    path,
    text.replace(/__([A-Z]+)__/g, (_, name) => values[name]),
  )
  return path
}
