// The load programs of other people: iperf3, wrk before nginx, redis-benchmark before redis-server. Each tool
// has a backend, for a whole session or for each run, and a client whose output becomes counts.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseIperf3, parseRedisBenchmark, parseWrk } from './parse.mjs'
import { runToEnd, start, stop, waitUntilListening, workDirectory } from './processes.mjs'

const MOST_MS = 60_000
const PIECE = Buffer.alloc(1 << 20, 'millrace ')

/** Why a tool cannot be used here. Undefined: it can. */
export function reasonNoTool(tool) {
  const missing = (TOOLS[tool]?.needs ?? []).find(
    ([command]) => spawnSync(command, ['-v']).error !== undefined,
  )
  return missing && `needs ${missing[0]}: apt-get install ${missing[1]}`
}

/**
 * Starts a backend that serves all runs of a session at an address. Undefined: the tool starts a backend for
 * each run.
 */
export async function startBackend(tool, place, address) {
  const commandLine = TOOLS[tool]?.backend?.(address)
  if (commandLine === undefined) return undefined
  const child = start(commandLine, place)
  await waitUntilListening(child, address)
  return child
}

/** Runs a load's client once. Returns what it counted. `place` is where clients and backends run. */
export function runTool(load, place, at) {
  return TOOLS[load.tool].run(load, place, at)
}

const TOOLS = {
  iperf3: { needs: [['iperf3', 'iperf3']], run: runIperf3 },
  wrk: {
    needs: [
      ['wrk', 'wrk'],
      ['nginx', 'nginx'],
    ],
    backend: fileServer,
    run: runWrk,
  },
  redis: {
    needs: [
      ['redis-server', 'redis-server'],
      ['redis-benchmark', 'redis-tools'],
    ],
    backend: ({ host, port }) => [
      ...['redis-server', '--bind', host, '--port', port],
      ...['--save', '', '--appendonly', 'no', '--protected-mode', 'no'],
    ],
    run: runRedisBenchmark,
  },
}

const DIRECTION_FLAGS = { up: [], down: ['-R'], both: ['--bidir'] }

async function runIperf3({ connections, direction, seconds }, place, { listen, backend }) {
  const server = start(['iperf3', '-s', '-1', '-B', backend.host, '-p', backend.port], place)
  try {
    await waitUntilListening(server, backend)
    const client = ['iperf3', '-J', '-c', listen.host, '-p', listen.port, '-P', connections, '-t', seconds]
    return parseIperf3(await runToEnd([...client, ...DIRECTION_FLAGS[direction]], place, MOST_MS))
  } finally {
    await stop(server)
  }
}

async function runWrk({ connections, bytes, seconds }, place, { listen }) {
  const url = `http://${listen.host}:${listen.port}/${bytes}`
  const flags = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency']
  return parseWrk(await runToEnd(['wrk', ...flags, url], place, MOST_MS))
}

async function runRedisBenchmark({ connections, pipeline, requests }, place, { listen }) {
  const where = ['-h', listen.host, '-p', listen.port, '-c', connections]
  const what = ['-n', requests, '-P', pipeline, '-t', 'get', '-d', 64, '--csv']
  return parseRedisBenchmark(await runToEnd(['redis-benchmark', ...where, ...what], place, MOST_MS), requests)
}

/** nginx with files of the sizes that wrk asks for. Each is named by its number of bytes. */
function fileServer({ host, port }) {
  const files = join(workDirectory, 'files')
  mkdirSync(files, { recursive: true })
  for (const bytes of WRK_SIZES)
    writeFileSync(join(files, String(bytes)), Buffer.concat(Array(8).fill(PIECE)).subarray(0, bytes))
  const config = join(workDirectory, 'files.conf')
  writeFileSync(
    config,
    `daemon off; worker_processes 1; pid ${workDirectory}/files.pid; error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nodelay on; keepalive_requests 100000000;
  open_file_cache max=100; open_file_cache_valid 1h;
  server { listen ${host}:${port} backlog=4096; root ${files}; }
}
`,
  )
  return ['nginx', '-c', config]
}

export const WRK_SIZES = [4 << 10, 64 << 10, 1 << 20, 8 << 20]
