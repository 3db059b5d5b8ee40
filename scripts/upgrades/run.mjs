// Upgrades millrace again and again under load, and counts clients that were refused or reset, tunnels that ended, and bytes that were
// lost. Exits with 1 if there are any.
import { fork, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseOptions } from './options.mjs'

const CLI = fileURLToPath(new URL('../../bundle/cli.js', import.meta.url))
const LOAD = fileURLToPath(new URL('load.mjs', import.meta.url))
const ECHO = fileURLToPath(new URL('../soak/echo-backend.mjs', import.meta.url))
/** Within this time after an upgrade, the old process ends. */
const DRAIN = '1s'
const PAUSE_MS = 1500

const options = parseOptions(process.argv.slice(2))
const folder = mkdtempSync(join(tmpdir(), 'millrace-upgrades-'))
const admin = join(folder, 'admin.sock')
const pidFile = join(folder, 'pid')
const port = await freePort()
const backendPort = await freePort()
const backend = spawn(process.execPath, [ECHO, String(backendPort)], { stdio: ['pipe', 'ignore', 'inherit'] })
const millrace = startMillrace()
await answers()
const load = fork(LOAD, [port, options.rate, options.tunnels].map(String))
let counts
load.on('message', (told) => {
  counts = told
})
await until(() => counts !== undefined && counts.open >= options.tunnels)

console.log(`${options.workers} worker(s), ${options.rate} connections a second, ${options.tunnels} tunnels`)
console.log('upgrade      ms  paused  answered  refused  reset  silent  tunnels ended  bytes lost  wrong')
const bad = []
for (let nth = 1; nth <= options.upgrades; nth++) {
  const before = { ...counts }
  const { tookMs, pausedMs } = await ask('POST', '/api/v1/upgrade')
  await pause(PAUSE_MS)
  const found = difference(counts, before)
  console.log(line(nth, tookMs, pausedMs, found))
  if (faultsIn(found) > 0) bad.push(nth)
  await until(() => counts.open >= options.tunnels)
}
console.log(
  bad.length === 0
    ? 'no client was refused or reset, no tunnel ended, and no byte was lost'
    : `not clean: ${bad.join(', ')}`,
)
await end()
process.exit(bad.length === 0 ? 0 : 1)

function startMillrace() {
  const config = {
    workers: options.workers,
    listeners: [{ name: 'front', address: `127.0.0.1:${port}`, cluster: 'echo' }],
    clusters: { echo: { backends: [`127.0.0.1:${backendPort}`] } },
    timeouts: { drainMs: DRAIN },
    log: { access: false, level: 'warn' },
    admin: `unix:${admin}`,
  }
  const file = join(folder, 'millrace.json')
  writeFileSync(file, JSON.stringify(config))
  const args = ['--max-semi-space-size=1', CLI, '--config', file, '--pid-file', pidFile]
  return spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
}

async function ask(method, path) {
  return await new Promise((resolve, reject) => {
    const sent = request(
      { socketPath: admin, method, path, agent: false, headers: { host: 'localhost' } },
      (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () =>
          response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(text)),
        )
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

async function answers() {
  for (;;) {
    const isThere = await ask('GET', '/api/v1/log').then(
      () => true,
      () => false,
    )
    if (isThere) return
    if (millrace.exitCode !== null) throw new Error('millrace did not start')
    await pause(50)
  }
}

async function until(isTrue) {
  while (!isTrue()) await pause(50)
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: free } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return free
}

function difference(after, before) {
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - before[name]]))
}

function faultsIn({ refused, reset, silent, tunnelsEnded, lostBytes, wrongBytes }) {
  return refused + reset + silent + tunnelsEnded + lostBytes + wrongBytes
}

function line(nth, tookMs, pausedMs, found) {
  const { answered, refused, reset, silent, tunnelsEnded, lostBytes, wrongBytes } = found
  const cells = [
    [nth, 7],
    [tookMs, 8],
    [pausedMs, 8],
    [answered, 10],
    [refused, 9],
    [reset, 7],
    [silent, 8],
    [tunnelsEnded, 15],
    [lostBytes, 12],
    [wrongBytes, 7],
  ]
  return cells.map(([value, width]) => String(value).padStart(width)).join('')
}

async function end() {
  load.kill('SIGKILL')
  process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL')
  backend.stdin.end()
  rmSync(folder, { recursive: true, force: true })
}
