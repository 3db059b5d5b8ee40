/**
 * DNS. Each host name has addresses, which may change. Answers come some time after their question. A name
 * without an address gets an error.
 */
import type { AddressRecord, Answer, DnsClient } from '../../../src/dns/client.js'
import { settle, type VirtualClock } from '../clock.js'
import type { Random } from '../random.js'

interface Question {
  readonly host: string
  readonly askedAt: number
  readonly done: (answer: Answer<AddressRecord>) => void
}

/** ms */
const TTL_MS = 10_000

export class Names implements DnsClient {
  readonly #clock: VirtualClock
  readonly #meanings: Map<string, readonly string[]>
  /** `host ip` for each answer that was ever given. */
  readonly #answered = new Set<string>()
  readonly #questions = new Set<Question>()
  #hasFailed = false
  #slowestMs = 0

  constructor(clock: VirtualClock, meanings: Readonly<Record<string, readonly string[]>>) {
    this.#clock = clock
    this.#meanings = new Map(Object.entries(meanings))
  }

  addresses(host: string, done: (answer: Answer<AddressRecord>) => void) {
    const question = { host, askedAt: this.#clock.now, done }
    this.#questions.add(question)
    return { cancel: () => void this.#questions.delete(question) }
  }

  srv(): never {
    throw new Error('no config of these stories names a service')
  }

  /** From now on a host name has these addresses, also in answers to earlier questions. */
  set(host: string, ips: readonly string[]): void {
    this.#meanings.set(host, ips)
  }

  /** Whether any question was ever answered with an error. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** The longest time (ms) that an answer took, or an open question has waited. */
  get slowestMs(): number {
    const { now } = this.#clock
    return Math.max(this.#slowestMs, ...[...this.#questions].map(({ askedAt }) => now - askedAt))
  }

  hasMeant(host: string, ip: string): boolean {
    return this.#answered.has(`${host} ${ip}`)
  }

  /** Perhaps one answer comes. */
  stir(random: Random): void {
    if (this.#questions.size > 0 && random.chance(0.2)) this.#answer(random.pick([...this.#questions]))
  }

  /** All answers come. Returns whether there were any. */
  answerAll(): boolean {
    const questions = [...this.#questions]
    for (const question of questions) this.#answer(question)
    return questions.length > 0
  }

  #answer(question: Question): void {
    const { host, askedAt, done } = question
    this.#questions.delete(question)
    this.#slowestMs = Math.max(this.#slowestMs, this.#clock.now - askedAt)
    const ips = this.#meanings.get(host)!
    for (const ip of ips) this.#answered.add(`${host} ${ip}`)
    if (ips.length > 0) {
      done({ kind: 'records', records: ips.map((ip) => ({ ip, ttlMs: TTL_MS })), failedFamily: undefined })
    } else {
      this.#hasFailed = true
      done({ kind: 'empty', code: 'NXDOMAIN', ttlMs: undefined })
    }
    settle()
  }
}
