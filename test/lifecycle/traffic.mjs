/**
 * Pipes under traffic, for processes and threads that are about to end. They use the built code, because threads cannot
 * run TypeScript.
 */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createEngine } from '../../dist/io/choose-engine.js'
import { createPipeCounters, DEFAULT_SETTINGS } from '../../dist/pipe/options.js'
import { Pipe } from '../../dist/pipe/pipe.js'

const CHUNK = Buffer.alloc(256 * 1024, 'traffic')
const CONNECTIONS = 4
const LOOPBACK = { kind: 'tcp', host: '127.0.0.1', port: 0 }

/** Sends bytes round and round until `stop`. Resolves when they flow on every connection. */
export async function startTraffic(splice) {
  const engine = createEngine()
  const settings = { ...DEFAULT_SETTINGS, splice }
  const echo = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const backend = { ...LOOPBACK, port: echo.address().port }
  const accepted = (client) => {
    engine.dial(backend, 0, ({ socket }) => {
      const host = { runQueue: engine.runQueue, settings, counters: createPipeCounters() }
      new Pipe(client, socket, host, { pipeEnded() {} }).start()
    })
  }
  const listening = await engine.listen(
    LOOPBACK,
    { backlog: 16, sharePort: false },
    { accepted, paused() {} },
  )
  const clients = Array.from({ length: CONNECTIONS }, () => connect(listening.address.port, '127.0.0.1'))
  for (const client of clients) keepSending(client)
  await Promise.all(clients.map((client) => once(client, 'data')))
  return {
    kind: engine.kind,
    counts: () => engine.counts(),
    async stop() {
      listening.close()
      for (const client of clients) client.destroy()
      echo.close()
      await once(echo, 'close')
    },
  }
}

function keepSending(client) {
  const fill = () => {
    while (client.writable && client.write(CHUNK));
  }
  client
    .on('drain', fill)
    .on('error', () => {})
    .resume()
  fill()
}
