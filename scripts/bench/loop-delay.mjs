// A process with a proxy in it, as a library's user has: how late do the user's own timers come? Each line on
// stdin is answered with one of JSON: the delays since the line before.
// Usage: node loop-delay.mjs millrace|pipe LISTEN_HOST LISTEN_PORT BACKEND_HOST BACKEND_PORT
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { listenPiping } from './node-pipe.mjs'

const RESOLUTION_MS = 1

const [who, listenHost, listenPort, backendHost, backendPort] = process.argv.slice(2)

if (who === 'millrace') {
  const { createProxy } = await import('../../dist/index.js')
  const proxy = createProxy({
    listeners: [{ address: `${listenHost}:${listenPort}`, cluster: 'backend' }],
    clusters: { backend: { backends: [`${backendHost}:${backendPort}`] } },
    log: { access: false },
  })
  await proxy.start()
} else {
  listenPiping(
    { host: listenHost, port: Number(listenPort) },
    { host: backendHost, port: Number(backendPort) },
  )
}

const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
histogram.enable()

// The histogram holds the time between two firings of a timer of 1 ms: what exceeds it is delay.
const delayMs = (percentile) => Math.max(0, histogram.percentile(percentile) / 1e6 - RESOLUTION_MS)

createInterface({ input: process.stdin }).on('line', () => {
  console.log(JSON.stringify({ p50Ms: delayMs(50), p99Ms: delayMs(99), maxMs: delayMs(100) }))
  histogram.reset()
})
process.stdin.on('end', () => process.exit(0))
