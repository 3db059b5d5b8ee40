// The clients of the upgrades under load, in a process of their own. Each new connection sends a few bytes and waits for their
// echo. Tunnels send numbered bytes again and again and compare what comes back. Counts go to the parent every 100 ms.
//   node load.mjs PORT RATE TUNNELS
import { connect } from 'node:net'

const [port, rate, tunnels] = process.argv.slice(2).map(Number)
const TICK_MS = 10
const TUNNEL_EVERY_MS = 200
const TUNNEL_BYTES = 1000
const GREETING = Buffer.from('hello')
const REFUSED = new Set(['ECONNREFUSED', 'ENOENT'])

const counts = {
  answered: 0,
  refused: 0,
  reset: 0,
  silent: 0,
  open: 0,
  tunnelsEnded: 0,
  wrongBytes: 0,
  lostBytes: 0,
  slowestMs: 0,
}

function visit() {
  const beganAt = performance.now()
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let outcome = 'silent'
  socket.on('connect', () => socket.write(GREETING))
  socket.on('data', () => {
    outcome = 'answered'
    socket.destroy()
  })
  socket.on('error', ({ code }) => {
    if (outcome === 'silent') outcome = REFUSED.has(code) ? 'refused' : 'reset'
  })
  socket.on('close', () => {
    counts[outcome]++
    counts.slowestMs = Math.max(counts.slowestMs, performance.now() - beganAt)
  })
}

/** A tunnel that ends is replaced. Bytes that were sent and did not come back are lost. */
function tunnel() {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let sent = 0
  let received = 0
  let timer
  const send = () => {
    // The next bytes come when the last ones are back: so an end in between loses nothing.
    if (received < sent) return
    socket.write(Buffer.from(Array.from({ length: TUNNEL_BYTES }, (_, index) => (sent + index) % 251)))
    sent += TUNNEL_BYTES
  }
  socket.on('connect', () => {
    counts.open++
    send()
    timer = setInterval(send, TUNNEL_EVERY_MS)
  })
  socket.on('data', (chunk) => {
    for (const byte of chunk) if (byte !== received++ % 251) counts.wrongBytes++
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    clearInterval(timer)
    if (timer !== undefined) counts.open--
    counts.tunnelsEnded++
    counts.lostBytes += sent - received
    setTimeout(tunnel, TUNNEL_EVERY_MS)
  })
}

for (let i = 0; i < tunnels; i++) setTimeout(tunnel, i)
let due = 0
let last = performance.now()
setInterval(() => {
  const now = performance.now()
  due += ((now - last) * rate) / 1000
  last = now
  for (; due >= 1; due--) visit()
}, TICK_MS)
setInterval(() => process.send(counts), 100)
process.on('disconnect', () => process.exit(0))
