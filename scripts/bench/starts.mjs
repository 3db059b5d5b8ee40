// How long a start takes: from the start of the process until a backend gets the first client through it. And the CPU and the
// memory of all its processes, once they have been quiet for a while. Contenders take turns, because the machine may be busy.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { treeOf } from '../soak/usage.mjs'
import { reasonMissing } from './contenders.mjs'
import { start, stop, workDirectory } from './processes.mjs'
import { medianOf } from './statistics.mjs'

const ROUNDS = 10
const SMOKE_ROUNDS = 1
/** ms. What a process does at its start is over by then. */
const QUIET_MS = 1000
const MOST_MS = 20_000
/** Below the ports that the kernel gives to clients: a client of such a port can connect to itself. */
const PORT = 9098
const CLI = join(import.meta.dirname, '../../bundle/cli.js')
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

const CONTENDERS = [
  { label: 'millrace, 1 process', command: (at) => millrace(at, 1) },
  { label: 'HAProxy, 1 thread', apt: 'haproxy', version: ['haproxy', '-v'], command: (at) => haproxy(at, 1) },
  { label: 'millrace, 2 workers', command: (at) => millrace(at, 2) },
  {
    label: 'HAProxy, 2 threads',
    apt: 'haproxy',
    version: ['haproxy', '-v'],
    command: (at) => haproxy(at, 2),
  },
]

/** Prints the table of docs/benchmarks.md. */
export async function measureStarts({ isSmoke }) {
  const missing = CONTENDERS.map(reasonMissing)
  for (const reason of new Set(missing.filter(Boolean))) console.log(`left out: ${reason}`)
  const contenders = CONTENDERS.filter((_, index) => missing[index] === undefined)
  const samples = new Map(contenders.map((contender) => [contender, []]))
  for (let round = 0; round < (isSmoke ? SMOKE_ROUNDS : ROUNDS); round++)
    for (const contender of contenders) samples.get(contender).push(await measure(contender))
  console.log('| | first client, ms | CPU, ms | memory, MiB |')
  console.log('|---|---:|---:|---:|')
  for (const [{ label }, each] of samples) {
    const cells = ['firstMs', 'cpuMs', 'mebibytes'].map((name) => cell(each.map((sample) => sample[name])))
    console.log(`| ${label} | ${cells.join(' | ')} |`)
  }
}

/** The least, and the median: what it takes on a quiet machine, and here. */
const cell = (values) => `${Math.round(Math.min(...values))} (${Math.round(medianOf(values))})`

async function measure({ command }) {
  let firstMs
  const backend = createServer((client) => {
    firstMs ??= performance.now() - began
    client.destroy()
  }).listen(0, '127.0.0.1')
  await once(backend, 'listening')
  const words = command({ listen: `127.0.0.1:${PORT}`, backend: `127.0.0.1:${backend.address().port}` })
  const began = performance.now()
  const child = start(words, {})
  try {
    while (firstMs === undefined) {
      await connectOnce()
      if (performance.now() - began > MOST_MS || child.exitCode !== null)
        throw new Error(`${words.join(' ')}: no client came through. ${child.errorText}`)
    }
    await sleep(QUIET_MS)
    const pids = treeOf(child.pid)
    return { firstMs, cpuMs: sum(pids, cpuMsOf), mebibytes: sum(pids, mebibytesOf) }
  } finally {
    await stop(child)
    backend.close()
  }
}

const sum = (pids, of) => pids.reduce((total, pid) => total + of(pid), 0)

/** Resolves when the connection has ended: nobody listens yet, the port was only tried, or the backend has closed it. */
async function connectOnce() {
  const socket = connect(PORT, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
  await sleep(1)
}

/** utime and stime, of proc_pid_stat(5). */
function cpuMsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000
}

/** A page that several processes have counts in parts (Pss). */
function mebibytesOf(pid) {
  const [, kib] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
  return Number(kib) / 1024
}

function millrace({ listen, backend }, workers) {
  const file = join(workDirectory, 'start.yaml')
  writeFileSync(
    file,
    `workers: ${workers}
listeners: [{ address: '${listen}', cluster: bench }]
clusters: { bench: { backends: ['${backend}'] } }
log: { level: warn }
admin: 'unix:${join(workDirectory, 'start.sock')}'
`,
  )
  return [process.execPath, '--max-semi-space-size=1', CLI, '--config', file]
}

function haproxy({ listen, backend }, threads) {
  const file = join(workDirectory, 'start.cfg')
  writeFileSync(
    file,
    `global
  nbthread ${threads}
  stats socket ${join(workDirectory, 'start-haproxy.sock')}
defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
listen bench
  bind ${listen}
  server backend ${backend}
`,
  )
  return ['haproxy', '-f', file]
}
