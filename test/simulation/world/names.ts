/**
 * The resolver: what each host name means, which may change, and answers that come some time after the question. A name
 * that means nothing is answered with an error.
 */
import type { Lookup } from '../../../src/cluster/names/resolver.js'
import { settle, type VirtualClock } from '../clock.js'
import type { Random } from '../random.js'

interface Question {
  readonly host: string
  readonly askedAt: number
  readonly done: Parameters<Lookup>[2]
}

export class Names {
  readonly #clock: VirtualClock
  readonly #meanings: Map<string, readonly string[]>
  /** `host ip` of all that was ever answered. */
  readonly #answered = new Set<string>()
  readonly #questions = new Set<Question>()
  #hasFailed = false
  #slowestMs = 0

  constructor(clock: VirtualClock, meanings: Readonly<Record<string, readonly string[]>>) {
    this.#clock = clock
    this.#meanings = new Map(Object.entries(meanings))
  }

  readonly lookup: Lookup = (host, _, done) => {
    this.#questions.add({ host, askedAt: this.#clock.now, done })
  }

  /** From now on; an answer to an earlier question tells of it, too. */
  set(host: string, ips: readonly string[]): void {
    this.#meanings.set(host, ips)
  }

  /** Whether a question was ever answered with an error. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** The longest that an answer took, or takes so far. */
  get slowestMs(): number {
    const { now } = this.#clock
    return Math.max(this.#slowestMs, ...[...this.#questions].map(({ askedAt }) => now - askedAt))
  }

  hasMeant(host: string, ip: string): boolean {
    return this.#answered.has(`${host} ${ip}`)
  }

  /** An answer comes, or none. */
  stir(random: Random): void {
    if (this.#questions.size > 0 && random.chance(0.2)) this.#answer(random.pick([...this.#questions]))
  }

  /** Whether any came. */
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
      done(
        null,
        ips.map((address) => ({ address, family: 4 })),
      )
    } else {
      this.#hasFailed = true
      done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
    }
    settle()
  }
}
