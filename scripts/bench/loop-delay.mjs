// A process with a proxy in it, as a user of the library has. It measures how late the user's own timers run.
// It answers each line on stdin with one line of JSON: the delays since the last line.
// Usage: node loop-delay.mjs WHO LISTEN BACKEND. WHO is one of:
// - proxy: createProxy of millrace
// - pipe: pipe(a, b) of millrace, on sockets that the program accepted and dialled itself
// - node-pipe: a.pipe(b); b.pipe(a) on the same sockets
import { once } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { createProxy, pipe } from '../../bundle/index.js'
import { addressOf, listenAndDial, pipeBoth } from './node-pipe.mjs'

const RESOLUTION_MS = 1

const [who, listen, backend] = process.argv.slice(2)

if (who === 'proxy') {
  const proxy = createProxy({
    listeners: [{ address: listen, cluster: 'backend' }],
    clusters: { backend: { backends: [backend] } },
    log: { access: false },
  })
  await proxy.start()
} else {
  listenAndDial(addressOf(listen), addressOf(backend), who === 'pipe' ? pipeWhenConnected : pipeBoth)
}

async function pipeWhenConnected(client, upstream) {
  const giveUp = () => client.destroy()
  client.on('error', giveUp)
  try {
    await once(upstream, 'connect')
    client.off('error', giveUp)
    await pipe(client, upstream)
  } catch {
    giveUp()
    upstream.destroy()
  }
}

const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
histogram.enable()

// The histogram holds the time between two runs of a timer of 1 ms. The rest is delay.
const delayMs = (percentile) => Math.max(0, histogram.percentile(percentile) / 1e6 - RESOLUTION_MS)

createInterface({ input: process.stdin }).on('line', () => {
  console.log(JSON.stringify({ p50Ms: delayMs(50), p99Ms: delayMs(99), maxMs: delayMs(100) }))
  histogram.reset()
})
process.stdin.on('end', () => process.exit(0))
