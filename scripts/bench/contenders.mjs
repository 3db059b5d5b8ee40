// The contenders: how each is found, configured and started, and the name of its package for when it is
// missing. All get the same layout. The configs under contenders/ are what experts of each program would
// write.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ADMIN_SOCKET, STREAM_MODULE, writeConfig } from './config-files.mjs'
import { textOf } from './processes.mjs'
import { readableCopy } from './readable-copy.mjs'

const HERE = import.meta.dirname
const ROOT = join(HERE, '../..')

/** These contenders take part only in loads of the family `library`. */
export const LIBRARY_CONTENDERS = ['node-pipe-library', 'millrace-pipe', 'millrace-library']

const dials = ({ listen, backend }) => [textOf(listen), textOf(backend)]
const isTcp = (load) => load.ends === 'tcp'

/**
 * Every contender. `kind` is `rival` (what a person could pick instead), `reference` (the kernel's own cost:
 * the floor), `ceiling` (no proxy at all: no command), or `ours`. A contender that `answers` is asked for
 * figures of its own on stdin. A contender that `isVariant` takes part only in loads that name it. `programs`
 * are what build.mjs has built. `also` holds the rivals of the command line.
 */
export function listContenders(programs, also = []) {
  return [
    { name: 'direct', label: 'no proxy', kind: 'ceiling' },
    {
      name: 'c-splice',
      label: 'C splice loop',
      kind: 'reference',
      command: (at) => [programs.spliceLoop, ...dials(at)],
    },
    ...rivals(programs),
    ...also.map(alsoContender),
    ...ours(),
    ...libraryContenders(),
  ]
}

function rivals({ goCopy }) {
  const haproxy = (name, label) => ({
    name,
    label,
    kind: 'rival',
    apt: 'haproxy',
    version: ['haproxy', '-v'],
    command: (at) => ['haproxy', '-f', writeConfig(`${name}.cfg`, name, at)],
  })
  return [
    haproxy('haproxy-splice', 'HAProxy splice'),
    haproxy('haproxy-copy', 'HAProxy copy'),
    {
      name: 'nginx',
      label: 'nginx stream',
      kind: 'rival',
      apt: 'nginx libnginx-mod-stream',
      version: ['nginx', '-v'],
      isFound: () => STREAM_MODULE !== undefined,
      command: (at) => ['nginx', '-c', writeConfig('nginx.conf', 'nginx', at)],
    },
    {
      name: 'go',
      label: 'Go io.Copy',
      kind: 'rival',
      version: ['go', 'version'],
      isFound: () => goCopy !== undefined,
      missing: 'needs go: apt-get install golang-go',
      env: { GOMAXPROCS: '1' },
      // It keeps two kernel pipes for each connection, idle or not. That is more than a process may have
      // open.
      serves: (load) => load.measure !== 'idle',
      command: (at) => [goCopy, ...dials(at)],
    },
    {
      name: 'node-pipe',
      label: 'a.pipe(b)',
      kind: 'rival',
      command: (at) => ['node', join(HERE, 'node-pipe.mjs'), ...dials(at)],
    },
  ]
}

/** A rival of the command line. It has no placeholders for unix sockets. */
function alsoContender({ name, words }) {
  const place = (text, { listen, backend }) =>
    text.replace(/\{(listen|backend)_(host|port)\}/g, (_, side, part) => ({ listen, backend })[side][part])
  return {
    name,
    label: name,
    kind: 'rival',
    serves: isTcp,
    version: [words[0], '--version'],
    command: (at) => words.map((word) => place(word, at)),
  }
}

function ours() {
  const one = (name, label, more = {}) => ({
    name: `millrace${name}`,
    label: `millrace${label}`,
    kind: 'ours',
    isVariant: name !== '',
    command: (at) => millrace(`millrace${name}`, at, more),
    ...more,
  })
  return [
    one('', ''),
    one('-on', ', splice on', { splice: 'on' }),
    one('-off', ', splice off', { splice: 'off' }),
    one('-stream', ', no addon', { env: { MILLRACE_NATIVE: 'off' } }),
    one('-nobody', ', unprivileged', {
      isFound: () => process.getuid() === 0 && spawnSync('setpriv', ['-V']).error === undefined,
      missing: 'only root can become another user (and needs setpriv: apt-get install util-linux)',
      isUnprivileged: true,
    }),
    one('-logging', ', access log on', { access: true }),
    one('-uncounted', ', nothing counted', { program: join(HERE, 'uncounted.mjs') }),
    one('-scraped', ', metrics read each second', { admin: `unix:${ADMIN_SOCKET}`, isScraped: true }),
    one('-limits', ', limits that nobody reaches', { template: 'millrace-limits.yaml' }),
    one('-workers', ', 2 workers', { workers: 2 }),
    one('-workers-limits', ', 2 workers, limits that nobody reaches', {
      workers: 2,
      template: 'millrace-limits.yaml',
    }),
  ]
}

function millrace(name, at, more) {
  const { template = 'millrace.yaml', workers = 1, splice = 'auto', access = false, admin = false } = more
  const { program, isUnprivileged } = more
  const values = { WORKERS: workers, SPLICE: splice, ACCESS: access, ADMIN: admin }
  const config = writeConfig(template, name, { ...at, ...values })
  const root = isUnprivileged ? readableCopy() : ROOT
  return ['node', '--max-semi-space-size=1', program ?? join(root, 'bundle/cli.js'), '--config', config]
}

function libraryContenders() {
  const inProgram = (name, label, kind, who) => ({
    name,
    label,
    kind,
    isVariant: true,
    answers: true,
    command: (at) => ['node', join(HERE, 'loop-delay.mjs'), who, ...dials(at)],
  })
  return [
    inProgram('node-pipe-library', 'a.pipe(b)', 'rival', 'node-pipe'),
    inProgram('millrace-pipe', 'millrace, pipe(a, b)', 'ours', 'pipe'),
    inProgram('millrace-library', 'millrace, createProxy', 'ours', 'proxy'),
  ]
}

/** Whether a contender is measured at a load. */
export function takesPart(contender, load) {
  const { name, kind, isVariant = false, serves = () => true } = contender
  if (load.only !== undefined) return load.only.includes(name)
  if (kind === 'ceiling') return load.hasCeiling
  return serves(load) && (!isVariant || load.variants.includes(name))
}

/** Why a contender cannot take part here, with what to do about it. Undefined: it can. */
export function reasonMissing({ kind, apt, isFound, missing, version }) {
  if (kind === 'ours' && !existsSync(join(ROOT, 'bundle/cli.js'))) return 'not built yet: npm run build'
  if (isFound !== undefined && !isFound()) return missing ?? `apt-get install ${apt}`
  if (version !== undefined && isProgramMissing(version[0]))
    return missing ?? `apt-get install ${apt ?? version[0]}`
  return undefined
}

const isProgramMissing = (command) => spawnSync(command, ['--version']).error !== undefined

/** The version that a program prints. Undefined: it prints none. */
export function versionOf([command, ...args]) {
  const { error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 5000 })
  return error === undefined ? /\d+\.\d[\w.+~-]*/.exec(`${stdout}${stderr}`)?.[0] : undefined
}
