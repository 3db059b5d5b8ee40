// The connections that failed: each is judged when millrace has written its record, or when none will come.
import { BAD_VERDICTS, judge, SETTLE_MS, VERDICTS } from './judge.mjs'

/** millrace writes the record of a connection when both its ends have gone. */
const RECORD_MS = 15_000
/** Clocks of several processes. */
const SLACK_MS = 250
/** Nothing is judged by what is older than this. */
const MEMORY_MS = 120_000

/**
 * A connection while it lasts. Its client's address alone is not enough: the kernel may give two connections the same port of
 * this machine, if they go to different ports.
 */
export const keyOf = (listener, client) => `${listener} ${client}`

export class Failures {
  /** How many connections got each verdict. */
  verdicts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0]))
  #services
  #records
  #timeline
  #waiting = new Set()
  #print

  /** `records`: by `keyOf`, the record of the last such connection. */
  constructor({ services, records, timeline, print }) {
    this.#services = services
    this.#records = records
    this.#timeline = timeline
    this.#print = print
  }

  add(failure) {
    this.#waiting.add(failure)
  }

  get areJudged() {
    return this.#waiting.size === 0
  }

  /** Prints each connection that should not have failed. Call it a few times a second. */
  judge(now = Date.now()) {
    for (const failure of this.#waiting) {
      const record = this.#recordOf(failure)
      if (record === undefined && now < failure.failedAt + RECORD_MS) continue
      this.#waiting.delete(failure)
      this.#judgeOne(failure, record)
    }
    for (const [key, { startedAt, timings }] of this.#records)
      if (Date.parse(startedAt) + timings.totalMs < now - RECORD_MS) this.#records.delete(key)
    this.#timeline.forget(now - MEMORY_MS)
  }

  #judgeOne(failure, record) {
    const timeline = this.#timeline
    const { addresses } = this.#services.find(({ name }) => name === failure.service)
    const verdict = judge({ failure, record, addresses, timeline })
    this.verdicts[verdict]++
    if (!BAD_VERDICTS.includes(verdict)) return
    const from = failure.beganAt - SETTLE_MS
    const faults = addresses.map((address) => [address, timeline.faultsOf(address, from, failure.failedAt)])
    this.#print(JSON.stringify({ verdict, failure, record, faults: Object.fromEntries(faults) }))
  }

  /** Ports are used again, so the record must be of the same time. */
  #recordOf({ from, beganAt, failedAt, service }) {
    const record = this.#records.get(keyOf(service, from))
    if (record === undefined) return undefined
    const startedAt = Date.parse(record.startedAt)
    return startedAt >= beganAt - SLACK_MS && startedAt <= failedAt + RECORD_MS ? record : undefined
  }
}
