/**
 * The access log: which connections write a record, and which fields it leaves out. The cheap checks come
 * first, so that a record that nobody wants costs next to nothing.
 */
import type { AccessConfig } from '../../config/schemas/log-schema.js'
import { outcomeOf } from '../endings.js'
import type { OpenLog } from '../log/log.js'
import type { RecordTally } from '../log/sink.js'
import type { RecordCounts } from '../status.js'
import type { ConnectionFacts, RecordEnding } from './record.js'
import { redacted } from './redact.js'
import { drawOf } from './while-open.js'

/** What the decision needs. The other facts are not put together yet. */
export interface Candidate {
  readonly bytes: number
  readonly ageMs: number
  /** Undefined: the connection is open. */
  readonly ending: RecordEnding | undefined
  /** Undefined: nobody knows an id of the connection yet. With it, all records of the connection are in a sample, or none. */
  readonly id?: string | undefined
}

export class AccessLog {
  readonly #log: OpenLog
  readonly #chance: () => number
  #config: AccessConfig | false
  readonly #ofEnds: RecordTally = { written: 0, dropped: 0 }
  readonly #whileOpen: RecordTally = { written: 0, dropped: 0 }
  #skipped = 0

  /** `chance` returns a new number from 0 to below 1 each time. */
  constructor(log: OpenLog, config: AccessConfig | false, chance: () => number = Math.random) {
    this.#log = log
    this.#config = config
    this.#chance = chance
  }

  update(config: AccessConfig | false): void {
    this.#config = config
  }

  /** Whether a connection gets a record when its backend has accepted. */
  get isAtOpen(): boolean {
    return this.#config !== false && this.#config.atOpen
  }

  /** How often an open connection gets a record, in ms. 0: never. */
  get everyMs(): number {
    return this.#config === false ? 0 : this.#config.everyMs
  }

  wants(candidate: Candidate): boolean {
    const config = this.#log.log.isLevelEnabled('info') && this.#config
    const isWanted = config !== false && isChosen(config, candidate, this.#chance)
    if (!isWanted && candidate.ending !== undefined) this.#skipped++
    return isWanted
  }

  /** `ending` is undefined while the connection is open. */
  write(id: string, facts: ConnectionFacts, ending: RecordEnding | undefined): void {
    if (this.#config === false) return
    const { redact } = this.#config
    const told = redact.length > 0 ? redacted(facts, redact) : facts
    this.#log.record(id, told, ending, ending === undefined ? this.#whileOpen : this.#ofEnds)
  }

  counts(): RecordCounts {
    const { written, dropped } = this.#ofEnds
    return {
      written: written + this.#whileOpen.written,
      whileOpen: this.#whileOpen.written,
      skipped: this.#skipped,
      dropped: dropped + this.#whileOpen.dropped,
    }
  }
}

function isChosen(config: AccessConfig, candidate: Candidate, chance: () => number): boolean {
  const { bytes, ageMs, ending, id } = candidate
  const { sample, always, minBytes, minMs } = config
  if (ending !== undefined && always.includes('errors') && outcomeOf(ending) === 'error') return true
  if (bytes < minBytes || ageMs < minMs) return false
  return sample >= 1 || (id === undefined ? chance() : drawOf(id)) < sample
}
