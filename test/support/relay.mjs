/**
 * A proxy without decisions in its own process, so that a test can starve it, trace it or run it as another user. It
 * joins each client to the backend. It writes each event as one JSON line to stdout. The line `counts` on stdin asks for
 * its gauges. It ends when stdin ends.
 *
 *   node relay.mjs CHECKOUT '{"backend": {"kind": "tcp", "host": "127.0.0.1", "port": 9000}, "settings": {"splice": "on"}}'
 */
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [, , checkout, options] = process.argv
const { backend, settings } = JSON.parse(options)
const load = (path) => import(pathToFileURL(`${checkout}/dist/${path}`).href)
const { createEngine } = await load('io/choose-engine.js')
const { Pipe } = await load('pipe/pipe.js')
const { createPipeCounters, DEFAULT_SETTINGS } = await load('pipe/options.js')

/** How many timers of less than a second were set. The timer that frees idle kernel pipes is longer. */
let timers = 0
const { setTimeout: realSetTimeout } = globalThis
globalThis.setTimeout = (...args) => {
  if ((args[1] ?? 0) < 1000) timers++
  return realSetTimeout(...args)
}

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)
const engine = createEngine()
const counters = createPipeCounters()
const all = { ...DEFAULT_SETTINGS, ...settings }
let connections = 0

function join(client) {
  engine.dial(backend, 0, ({ socket, errno }) => {
    if (socket === undefined) {
      client.reset()
      tell({ dialFailed: errno })
      return
    }
    connections++
    const pipeEnded = (ending) => {
      connections--
      engine.sweep.delete(watched)
      tell({ ...ending, ...pipe.totals })
    }
    const pipe = new Pipe(
      client,
      socket,
      { runQueue: engine.runQueue, settings: all, counters },
      { pipeEnded },
    )
    const watched = { sweepIndex: -1, expire: (now) => pipe.expire(now) }
    engine.sweep.add(watched, all.idleTimeoutMs)
    pipe.start()
  })
}

const handler = { accepted: join, paused: (errno) => tell({ paused: errno }) }
const listening = await engine.listen(
  { kind: 'tcp', host: '127.0.0.1', port: 0 },
  { backlog: 512, sharePort: false },
  handler,
)
tell({ listening: listening.address.port, notSplicing: engine.notSplicing })

const commands = createInterface({ input: process.stdin })
commands.on('line', () => tell({ ...engine.counts(), ...counters, timers, connections }))
commands.on('close', () => process.exit(0))
