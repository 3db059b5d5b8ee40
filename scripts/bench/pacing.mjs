// How near real time comes to a rate that was asked for: paced by the kernel, and counted by millrace. And how long a message of
// 64 B takes beside bulk that uses up a rate. The loopback of each namespace gets the MTU of Ethernet: with segments of 64 KiB,
// ten of them pass before the kernel begins to pace.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { networkFor } from './network.mjs'

const RATES = [100_000, 1_000_000, 10_000_000, 100_000_000]
const WARM_MS = 2000
const RUN_MS = 5000
const PINGS = 2000
const BULK_RATE = 10_000_000
const CHUNK = Buffer.alloc(256 * 1024)
const PING = Buffer.alloc(64, 1)
const PORT = 9099
const CLI = fileURLToPath(new URL('../../bundle/cli.js', import.meta.url))
const THIS = fileURLToPath(import.meta.url)
const MTU = '1500'
const CONTROLS = ['cubic', 'bbr']

/** Who keeps the rate, and the limits that a config says for it. */
const WAYS = {
  'paced by the kernel': (rate) => ({ perConnection: { bytesPerSecond: rate } }),
  'counted by millrace': (rate) => ({ bytesPerSecond: rate }),
}

/** Prints all figures. */
export function measurePacing() {
  console.log('| congestion control | who keeps the rate | asked B/s | measured / asked | spliced |')
  console.log('|---|---|---:|---:|---:|')
  for (const congestion of CONTROLS) {
    const { reason, proxy } = networkFor('loopback', congestion)
    if (reason !== undefined) {
      console.log(`${congestion} is left out: ${reason}`)
      continue
    }
    const enter = proxy.namespace === undefined ? [] : ['ip', 'netns', 'exec', proxy.namespace]
    if (proxy.namespace !== undefined) run([...enter, 'ip', 'link', 'set', 'lo', 'mtu', MTU])
    run([...enter, process.execPath, THIS, congestion])
  }
}

function run([command, ...args]) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `exit ${status}`}`)
}

async function measure(congestion) {
  const backend = createServer(serve).listen(0, '127.0.0.1')
  await once(backend, 'listening')
  for (const [way, limitsOf] of Object.entries(WAYS)) {
    for (const rate of RATES) {
      const { measured, spliced } = await withProxy(backend, limitsOf(rate), download)
      const share = `${(100 * spliced).toFixed(0)} %`
      console.log(`| ${congestion} | ${way} | ${rate} | ${(measured / rate).toFixed(3)} | ${share} |`)
    }
  }
  for (const [what, limits, hasBulk] of [
    ['without a limit or bulk', {}, false],
    ['paced, without bulk', WAYS['paced by the kernel'](BULK_RATE), false],
    ['counted, without bulk', WAYS['counted by millrace'](BULK_RATE), false],
    ['counted, beside bulk that uses up the rate', WAYS['counted by millrace'](BULK_RATE), true],
  ]) {
    const { p50, p99 } = await withProxy(backend, limits, () => ping(hasBulk))
    console.log(`64 B there and back (${congestion}), ${what}: p50 ${p50} µs, p99 ${p99} µs`)
  }
  backend.close()
}

/** The first byte says what a client wants: 1 gets its bytes back, anything else gets bytes without an end. */
function serve(socket) {
  socket.on('error', () => {})
  socket.setNoDelay(true)
  socket.once('data', (first) => {
    if (first[0] === PING[0]) {
      socket.write(first)
      socket.pipe(socket)
      return
    }
    const fill = () => {
      while (socket.writable && socket.write(CHUNK));
    }
    socket.on('drain', fill)
    fill()
  })
}

async function withProxy(backend, limits, run) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-pacing-'))
  const file = join(folder, 'config.yaml')
  const config = {
    listeners: [{ name: 'front', address: `127.0.0.1:${PORT}`, cluster: 'back', limits }],
    clusters: { back: { backends: [`127.0.0.1:${backend.address().port}`] } },
    admin: false,
  }
  writeFileSync(file, JSON.stringify(config))
  const proxy = spawn(process.execPath, [CLI, '--config', file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: proxy.stdout })
  const records = []
  const isUp = new Promise((resolve) => {
    lines.on('line', (line) => {
      resolve()
      const record = JSON.parse(line)
      if (record.msg === 'connection') records.push(record)
    })
  })
  await isUp
  const result = await run()
  while (records.length === 0) await sleep(10)
  const [{ bytesDown, splicedDown }] = records
  proxy.kill()
  await once(proxy, 'exit')
  rmSync(folder, { recursive: true })
  return { ...result, spliced: bytesDown === 0 ? 0 : splicedDown / bytesDown }
}

async function dial(first) {
  const socket = connect(PORT, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.setNoDelay(true)
  socket.write(first)
  return socket
}

async function download() {
  const client = await dial(Buffer.alloc(1))
  let bytes = 0
  client.on('data', (chunk) => {
    bytes += chunk.length
  })
  await sleep(WARM_MS)
  const [before, beganAt] = [bytes, performance.now()]
  await sleep(RUN_MS)
  const measured = ((bytes - before) * 1000) / (performance.now() - beganAt)
  client.destroy()
  return { measured }
}

async function ping(hasBulk) {
  const bulk = hasBulk ? await dial(Buffer.alloc(1)) : undefined
  bulk?.resume()
  const client = await dial(PING)
  await once(client, 'data')
  const micros = []
  for (let i = 0; i < PINGS; i++) {
    const beganAt = performance.now()
    client.write(PING)
    await once(client, 'data')
    micros.push((performance.now() - beganAt) * 1000)
  }
  client.destroy()
  bulk?.destroy()
  micros.sort((a, b) => a - b)
  return { p50: Math.round(micros[PINGS >> 1]), p99: Math.round(micros[Math.floor(PINGS * 0.99)]) }
}

if (process.argv[1] === THIS) await measure(process.argv[2])
