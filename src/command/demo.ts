/**
 * The demonstration that `millrace` serves without arguments: a small HTTP backend in this process and a
 * proxy in front of it, on loopback.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ProxyConfig } from '../config/input.js'
import type { SpliceMode } from '../defaults.js'

const GREETING = 'Hello from the backend: these bytes came through millrace.\n'
const CHUNK = Buffer.alloc(1024 * 1024, 'millrace ')
const MOST_MEBIBYTES = 100_000
/** The usual address of the demonstration. If it is taken, any free port. */
export const DEMO_ADDRESS = '127.0.0.1:7000'

/** A backend on loopback: `/` greets, `/bytes/N` answers N MiB. */
export async function startDemoBackend(): Promise<Server> {
  const server = createServer((request, response) => {
    const mebibytes = Number(/^\/bytes\/(\d{1,6})$/.exec(request.url ?? '')?.[1] ?? 0)
    if (mebibytes === 0 || mebibytes > MOST_MEBIBYTES) response.end(GREETING)
    else answer(response, mebibytes)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

export function demoConfig(backend: Server, splice: SpliceMode, address = DEMO_ADDRESS): ProxyConfig {
  const { port } = backend.address() as AddressInfo
  return {
    splice,
    listeners: [{ name: 'demo', address, cluster: 'demo' }],
    clusters: { demo: { backends: [`127.0.0.1:${port}`] } },
    timeouts: { drainMs: '5s' },
    log: { access: false, level: 'warn' },
  }
}

export function demoGreeting(address: string, notSplicing: string | undefined): string {
  const how =
    notSplicing === undefined ? 'bulk bytes stay in the kernel' : `copying, not splicing: ${notSplicing}`
  return [
    `millrace forwards http://${address}/ to a backend in this process (${how}). Try:`,
    `  curl http://${address}/`,
    `  curl -o /dev/null http://${address}/bytes/4096`,
    'Ctrl-C drains and exits. For your own backend: millrace --listen HOST:PORT --to HOST:PORT. More: millrace --help',
  ].join('\n')
}

function answer(response: import('node:http').ServerResponse, mebibytes: number): void {
  response.setHeader('content-length', mebibytes * CHUNK.length)
  let left = mebibytes
  const write = (): void => {
    while (left > 0 && !response.destroyed) {
      left--
      if (!response.write(CHUNK)) return void response.once('drain', write)
    }
    response.end()
  }
  write()
}
