/**
 * How long a `route` function may take. While it waits for the client, the client takes the time (`firstBytesMs`). All other time
 * is its own (`routeMs`). One deadline is enough, because one of the two always stands still.
 */
import { type Dialogue, DialogueOver } from '../../io/dialogue.js'

/** In ms. 0: no limit. */
export interface OpeningTimes {
  readonly firstBytesMs: number
  readonly routeMs: number
}

class Allowance {
  readonly #ms: number
  #usedMs = 0
  #since: number | undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  get usedMs(): number {
    return this.#usedMs + (this.#since === undefined ? 0 : performance.now() - this.#since)
  }

  /** From now on it is used. It is the deadline of the dialogue. */
  begin(dialogue: Pick<Dialogue, 'allow'>): void {
    this.#since = performance.now()
    // 0 would mean that there is no deadline.
    dialogue.allow(this.#ms === 0 ? 0 : Math.max(1, this.#ms - this.#usedMs))
  }

  end(): void {
    this.#usedMs = this.usedMs
    this.#since = undefined
  }
}

export class RouteTime {
  readonly #dialogue: Pick<Dialogue, 'allow'>
  readonly #own: Allowance
  readonly #clients: Allowance
  /** How many things of the client it waits for. */
  #awaited = 0
  #isOver = false

  constructor(dialogue: Pick<Dialogue, 'allow'>, { firstBytesMs, routeMs }: OpeningTimes) {
    this.#dialogue = dialogue
    this.#own = new Allowance(routeMs)
    this.#clients = new Allowance(firstBytesMs)
    this.#own.begin(dialogue)
  }

  /** Whether it waits for nothing of the client. */
  get isOwn(): boolean {
    return this.#awaited === 0
  }

  /** In whole µs, without the time in which it waited for the client. */
  get ownMicros(): number {
    return Math.round(this.#own.usedMs * 1000)
  }

  /** The function waits for the client. A wait that ends because the time is over goes on: the client is to blame for it. */
  async waitFor<Result>(wait: Promise<Result>): Promise<Result> {
    if (this.isOwn) this.#change(this.#own, this.#clients)
    this.#awaited++
    try {
      const result = await wait
      this.#waited()
      return result
    } catch (error) {
      if (!(error instanceof DialogueOver) || error.why === 'ended') this.#waited()
      throw error
    }
  }

  /** The function has answered. What is left to read of the client has the rest of the client's time. */
  end(): void {
    if (this.isOwn) this.#change(this.#own, this.#clients)
    this.#isOver = true
  }

  #waited(): void {
    this.#awaited--
    if (this.isOwn) this.#change(this.#clients, this.#own)
  }

  #change(before: Allowance, after: Allowance): void {
    if (this.#isOver) return
    before.end()
    after.begin(this.#dialogue)
  }
}
