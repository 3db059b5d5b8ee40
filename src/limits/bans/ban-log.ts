/**
 * Log lines for bans that begin and end. Under attack there are more than anybody reads, so it logs a number of them and
 * then says how many more there were.
 */
import { time } from '../../figures.js'
import type { Log } from '../../observe/log/log.js'
import { listenerOf } from '../scope.js'
import { type Ban, ORDERED } from './ban-table.js'
import { formatNetwork } from './network.js'

/** Lines in this many ms. */
const MOST_LINES = 20
const WINDOW_MS = 10_000

export class BanLog {
  readonly #log: Log
  #lines = 0
  #more = { begun: 0, ended: 0 }
  #window: NodeJS.Timeout | undefined

  constructor(log: Log) {
    this.#log = log
  }

  begun(ban: Ban): void {
    if (!this.#mayLog()) this.#more.begun++
    else {
      const { why } = ban
      const forMs = ban.until - ban.since
      const who = ban.scope === ORDERED ? 'an operator bans' : 'millrace bans'
      this.#log.info(
        { ...factsOf(ban), forMs, why },
        `${who} ${formatNetwork(ban.network)} for ${time(forMs)}${why === '' ? '' : `: ${why}`}`,
      )
    }
  }

  /** `how`: `over`, or who ended it. */
  ended(ban: Ban, how: string): void {
    if (!this.#mayLog()) this.#more.ended++
    else {
      const { network, refused } = ban
      this.#log.info({ ...factsOf(ban), refused }, `the ban of ${formatNetwork(network)} is ${how}`)
    }
  }

  stop(): void {
    clearTimeout(this.#window)
    this.#window = undefined
    this.#tellMore()
  }

  #mayLog(): boolean {
    this.#window ??= setTimeout(() => this.stop(), WINDOW_MS).unref()
    return ++this.#lines <= MOST_LINES
  }

  #tellMore(): void {
    const { begun, ended } = this.#more
    this.#lines = 0
    this.#more = { begun: 0, ended: 0 }
    if (begun + ended > 0) this.#log.info({ begun, ended }, `${begun} more bans began, and ${ended} ended`)
  }
}

/** The listener, if it is only about one. */
function factsOf({ scope, network }: Ban): object {
  return { network: formatNetwork(network), listener: listenerOf(scope) }
}
