// Starts everything of the bench and of the soak: proxies, backends and clients, each in a process group of its
// own, and a directory for their files. All of it is gone afterwards, also after a failure or Ctrl-C.
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const START_MS = 15_000
const STOP_MS = 3_000
const LISTENING_STATE = '0A'
const ACCEPTING_FLAG = '00010000'

export const workDirectory = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
// Proxies and backends that run as other users read their configs and files here.
chmodSync(workDirectory, 0o755)
const running = new Set()

process.on('exit', () => {
  for (const child of running) killGroup(child, 'SIGKILL')
  rmSync(workDirectory, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130))

/**
 * Starts `[command, ...args]`: on one core and in a namespace if they are given, as an unprivileged user if that
 * is wanted. Keeps the end of its stderr for messages.
 */
export function start(commandLine, { core, namespace, env = {}, stdout = 'ignore', isUnprivileged = false }) {
  const enter = namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace]
  const drop = isUnprivileged ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] : []
  const [command, ...args] = [
    ...enter,
    ...(core === undefined ? [] : ['taskset', '-c', String(core)]),
    ...drop,
    ...commandLine.map(String),
  ]
  const child = spawn(command, args, {
    cwd: workDirectory,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['pipe', stdout, 'pipe'],
  })
  child.stdin.on('error', () => {})
  child.errorText = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    child.errorText = (child.errorText + text).slice(-2000)
  })
  child.ended = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(signal ?? code))
  })
  if (child.pid === undefined) return child
  running.add(child)
  child.ended.then(() => running.delete(child))
  return child
}

/**
 * Stops a process and what it forked until it is resumed, so that a contender that is not being measured
 * costs nothing.
 */
export function suspend(child) {
  killGroup(child, 'SIGSTOP')
}

export function resume(child) {
  killGroup(child, 'SIGCONT')
}

/** Ends a process and what it forked: with SIGTERM, and after a while with SIGKILL. */
export async function stop(child) {
  killGroup(child, 'SIGTERM')
  resume(child)
  const how = await Promise.race([child.ended, sleep(STOP_MS, 'late', { ref: false })])
  if (how !== 'late') return
  killGroup(child, 'SIGKILL')
  await child.ended
}

/** Ends a process and what it forked at once, as a crash does. */
export async function crash(child) {
  killGroup(child, 'SIGKILL')
  await child.ended
}

function killGroup(child, signal) {
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

/**
 * Runs a client to its end and returns its stdout. Throws if it fails, or takes longer than `limitMs`. Ends
 * what it started either way.
 */
export async function runToEnd(commandLine, options, limitMs) {
  const child = start(commandLine, { ...options, stdout: 'pipe' })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (more) => {
    text += more
  })
  const how = await Promise.race([child.ended, sleep(limitMs, 'late', { ref: false })])
  if (how === 'late') await stop(child)
  if (how === 0) return text
  const what = how === 'late' ? `took longer than ${limitMs / 1000} s` : `ended with ${how}`
  throw new Error(`${commandLine[0]} ${what}: ${child.errorText.trim() || text.trim().slice(-500)}`)
}

/**
 * Waits until the process listens at the address in its own namespace. It does not connect, because rivals
 * would then dial.
 */
export async function waitUntilListening(child, address) {
  const deadline = performance.now() + START_MS
  let end
  child.ended.then((how) => {
    end = how
  })
  const isListening = address.path === undefined ? isListeningTcp : isListeningUnix
  while (!isListening(child.pid, address)) {
    if (end !== undefined) throw new Error(`${child.spawnargs.join(' ')} ended (${end}): ${child.errorText}`)
    if (performance.now() > deadline)
      throw new Error(`${child.spawnargs.join(' ')} does not listen on ${textOf(address)}`)
    await sleep(5)
  }
}

function isListeningTcp(pid, { port }) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['tcp', 'tcp6'].some((file) =>
    fieldsOf(`/proc/${pid}/net/${file}`).some(
      ([, local, , state]) => state === LISTENING_STATE && local.endsWith(suffix),
    ),
  )
}

// HAProxy binds another name first, and renames it.
function isListeningUnix(pid, { path }) {
  return fieldsOf(`/proc/${pid}/net/unix`).some(
    ([, , , flags, , , , bound]) => bound?.startsWith(path) && flags === ACCEPTING_FLAG,
  )
}

const fieldsOf = (path) =>
  readIfThere(path)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))

/** `HOST:PORT`, or `unix:PATH` for an address with a path. */
export const textOf = ({ host, port, path }) => (path === undefined ? `${host}:${port}` : `unix:${path}`)

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

// Below the range of ephemeral ports, from which the proxies' own dials take theirs.
let lastPort = 20_000 + (process.pid % 5_000)

/**
 * The next free port. Each port is given only once, so that no leftover of an earlier run (TIME_WAIT) is in
 * the way.
 */
export async function nextPort() {
  for (;;) {
    lastPort = lastPort >= 31_999 ? 20_000 : lastPort + 1
    const port = lastPort
    if (await isFree(port)) return port
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })
}
