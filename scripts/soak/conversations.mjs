// What a client of the soak says, and what it must hear. A conversation is a list of steps: bytes to send, the bytes
// that must come back, and how long the client is quiet before it. Pure.
import { Buffer } from 'node:buffer'

const SHORT_BYTES = 64
const BULK_BYTES = 256 * 1024
/** Shorter than a fault, so that some long connections meet one and others do not. */
const LONG_STEPS = 20
const LONG_PAUSE_MS = 500
/** Longer than a bulk message, so that each message begins at another place in it. */
const PATTERN = Buffer.from(
  Uint32Array.from({ length: (BULK_BYTES * 2) / 4 }, (_, index) => Math.imul(index + 1, 0x9e3779b1)).buffer,
)

const messageOf = (id, bytes) => PATTERN.subarray(id % BULK_BYTES, (id % BULK_BYTES) + bytes)
const same = (bytes) => ({ pauseMs: 0, send: bytes, expect: bytes })

const KINDS = {
  short: (id) => [same(messageOf(id, SHORT_BYTES))],
  bulk: (id) => [same(messageOf(id, BULK_BYTES))],
  long: (id) =>
    Array.from({ length: LONG_STEPS }, (_, step) => ({
      ...same(messageOf(id + step, SHORT_BYTES)),
      pauseMs: step === 0 ? 0 : LONG_PAUSE_MS,
    })),
}

const httpStep = (id) => ({
  pauseMs: 0,
  send: Buffer.from(`GET /${id} HTTP/1.1\r\nHost: soak.test\r\nConnection: close\r\n\r\n`),
  /** The head has a date, so only its begin and the body are compared. */
  begin: 'HTTP/1.1 200 ',
  end: `\r\n\r\n/${id}`,
})

const redisStep = (id) => {
  const text = `soak-${id}`
  const bulk = `$${text.length}\r\n${text}\r\n`
  return { pauseMs: 0, send: Buffer.from(`*2\r\n$4\r\nECHO\r\n${bulk}`), expect: Buffer.from(bulk) }
}

/** Kinds of a service, with how often each is chosen. */
export const CONVERSATIONS = {
  echo: { short: 0.8, bulk: 0.1, long: 0.1 },
  nginx: { http: 1 },
  redis: { redis: 1 },
}

const STEPS = { ...KINDS, http: (id) => [httpStep(id)], redis: (id) => [redisStep(id)] }

/** The steps of connection number `id`. `chance` is at least 0 and less than 1. */
export function conversationOf(service, id, chance) {
  let left = chance
  for (const [kind, share] of Object.entries(CONVERSATIONS[service])) {
    left -= share
    if (left < 0) return STEPS[kind](id)
  }
  throw new Error(`the shares of ${service} are less than 1`)
}

/** Whether the answer to a step is complete: `yes`, `no`, or `wrong` if it can never be right. */
export function checkAnswer(step, received) {
  if (step.expect !== undefined) {
    const part = step.expect.subarray(0, received.length)
    if (received.length > step.expect.length || !received.equals(part)) return 'wrong'
    return received.length === step.expect.length ? 'yes' : 'no'
  }
  const text = received.toString('latin1')
  const begin = step.begin.slice(0, text.length)
  if (!text.startsWith(begin)) return 'wrong'
  return text.endsWith(step.end) ? 'yes' : 'no'
}
