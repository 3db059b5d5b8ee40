// The clients of the soak, in a process of their own. Each connection compares every byte of its answers. It prints a
// line of JSON for each connection that failed, and one each second with the counts of that second. When its stdin
// ends, it begins no more connections, waits for those that are there, and ends.
//   node clients.mjs '[{ "name", "port", "perSecond" }, …]' SEED
import { connect } from 'node:net'
import { checkAnswer, conversationOf } from './conversations.mjs'
import { Random } from './random.mjs'

const TICK_MS = 20
/** A service that does not answer must not take all ports of this machine. */
const MOST_OPEN = 500
/** Longer than any fault lasts: a backend that goes on may still answer. */
const SILENCE_MS = 20_000

const services = JSON.parse(process.argv[2])
const random = new Random(Number(process.argv[3]))
const counts = { made: 0, done: 0, failed: 0, heldBack: 0 }
let lastId = 0
let isStopping = false

for (const service of services) {
  service.open = 0
  service.due = 0
}
const ticks = setInterval(() => {
  for (const service of services) {
    service.due += (service.perSecond * TICK_MS) / 1000
    for (; service.due >= 1; service.due--) begin(service)
  }
}, TICK_MS)
const reports = setInterval(report, 1000)
process.stdin.resume().on('close', stop)

function begin(service) {
  const chance = random.next()
  if (service.open >= MOST_OPEN) {
    counts.heldBack++
    return
  }
  counts.made++
  service.open++
  new Talk(service, conversationOf(service.name, ++lastId, chance), (failure) => {
    service.open--
    if (failure === undefined) counts.done++
    else {
      counts.failed++
      console.log(JSON.stringify({ failure }))
    }
  })
}

function report() {
  console.log(
    JSON.stringify({ counts: { ...counts, open: services.reduce((sum, { open }) => sum + open, 0) } }),
  )
  for (const name of Object.keys(counts)) counts[name] = 0
}

/** The connections that are there keep the process alive until they have their next answer. */
function stop() {
  isStopping = true
  clearInterval(ticks)
  clearInterval(reports)
  process.once('beforeExit', report)
}

/** One connection: it sends each step, waits for its answer, and ends with FIN. */
class Talk {
  constructor(service, steps, done) {
    this.service = service
    this.steps = steps
    this.done = done
    this.beganAt = Date.now()
    this.receivedBytes = 0
    this.answer = []
    this.socket = connect({ port: service.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    this.socket.setTimeout(SILENCE_MS, () => this.fail('timeout'))
    this.socket.on('connect', () => {
      this.from = `127.0.0.1:${this.socket.localPort}`
      this.send()
    })
    this.socket.on('data', (bytes) => this.receive(bytes))
    this.socket.on('end', () => this.fail('end'))
    this.socket.on('error', ({ code }) => this.fail(code))
  }

  send() {
    this.socket.write(this.steps[0].send)
  }

  receive(bytes) {
    this.receivedBytes += bytes.length
    const [step] = this.steps
    if (step === undefined) return this.fail('corrupt')
    this.answer.push(bytes)
    const state = checkAnswer(step, Buffer.concat(this.answer))
    if (state === 'wrong') return this.fail('corrupt')
    if (state === 'no') return
    this.steps.shift()
    if (isStopping) this.steps = []
    this.answer = []
    if (this.steps.length === 0) this.socket.end()
    else this.pause = setTimeout(() => this.send(), this.steps[0].pauseMs)
  }

  /** A connection that has all its answers may end in any way. */
  fail(how) {
    if (this.steps.length === 0 && how !== 'corrupt') return this.finish()
    const { service, beganAt, receivedBytes, from } = this
    this.finish({ service: service.name, from, how, beganAt, failedAt: Date.now(), receivedBytes })
  }

  finish(failure) {
    clearTimeout(this.pause)
    this.socket.destroy()
    this.done?.(failure)
    this.done = undefined
  }
}
