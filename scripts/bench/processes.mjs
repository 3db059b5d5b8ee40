// Everything the bench starts: proxies and load generators, each in a process group of its own, a directory for
// their files, network namespaces. Whatever happens (failure, Ctrl-C, end) all of it is gone afterwards.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const START_MS = 15_000
const STOP_MS = 3_000
const LISTENING_STATE = '0A'

export const workDirectory = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
const running = new Set()
const namespaces = new Set()

process.on('exit', () => {
  for (const child of running) killGroup(child, 'SIGKILL')
  for (const name of namespaces) spawnSync('ip', ['netns', 'del', name])
  rmSync(workDirectory, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130))

/** Starts `[command, ...args]` on one core (and in a namespace). Its stderr is kept for messages. */
export function start(commandLine, { core, namespace, env = {}, stdout = 'ignore' }) {
  const enter = namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace]
  const [command, ...args] = [...enter, 'taskset', '-c', String(core), ...commandLine]
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

/** Ends a process and what it forked: politely, and after a while not. */
export async function stop(child) {
  killGroup(child, 'SIGTERM')
  const how = await Promise.race([child.ended, sleep(STOP_MS, 'late', { ref: false })])
  if (how !== 'late') return
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

/** Waits until somebody listens on the port in the process's own namespace. Nobody connects: rivals would dial. */
export async function waitUntilListening(child, port) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const deadline = performance.now() + START_MS
  let end
  child.ended.then((how) => {
    end = how
  })
  while (!isListening(child.pid, suffix)) {
    if (end !== undefined) throw new Error(`${child.spawnargs.join(' ')} ended (${end}): ${child.errorText}`)
    if (performance.now() > deadline)
      throw new Error(`${child.spawnargs.join(' ')} does not listen on ${port}`)
    await sleep(5)
  }
}

function isListening(pid, suffix) {
  return ['tcp', 'tcp6'].some((file) =>
    readIfThere(`/proc/${pid}/net/${file}`)
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .some(([, local, , state]) => state === LISTENING_STATE && local.endsWith(suffix)),
  )
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

// Below the range of ephemeral ports, which the proxies' own dials take theirs from.
let lastPort = 20_000 + (process.pid % 5_000)

/** The next free port; each is given once, so that no leftover of an earlier run (TIME_WAIT) is met. */
export async function nextPort() {
  for (;;) {
    lastPort = lastPort >= 31_999 ? 20_000 : lastPort + 1
    if (await isFree(lastPort)) return lastPort
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })
}

/**
 * Two namespaces, for load and proxy, joined by a veth pair of MTU 1500. Undefined with a reason where this
 * machine or user cannot have them.
 */
export function makeNamespaces() {
  const load = `bench-load-${process.pid}`
  const proxy = `bench-proxy-${process.pid}`
  const steps = [
    ['netns', 'add', load],
    ['netns', 'add', proxy],
    ['-n', load, 'link', 'add', 'bench0', 'type', 'veth', 'peer', 'name', 'bench1', 'netns', proxy],
    ['-n', load, 'addr', 'add', '198.18.0.1/30', 'dev', 'bench0'],
    ['-n', proxy, 'addr', 'add', '198.18.0.2/30', 'dev', 'bench1'],
    ['-n', load, 'link', 'set', 'bench0', 'mtu', '1500', 'up'],
    ['-n', proxy, 'link', 'set', 'bench1', 'mtu', '1500', 'up'],
    ['-n', load, 'link', 'set', 'lo', 'up'],
    ['-n', proxy, 'link', 'set', 'lo', 'up'],
  ]
  for (const step of steps) {
    const { status, stderr, error } = spawnSync('ip', step, { encoding: 'utf8' })
    if (status !== 0) return { reason: `ip ${step.join(' ')}: ${(error?.message ?? stderr).trim()}` }
    if (step[1] === 'add') namespaces.add(step[2])
  }
  return { load: { name: load, host: '198.18.0.1' }, proxy: { name: proxy, host: '198.18.0.2' } }
}
