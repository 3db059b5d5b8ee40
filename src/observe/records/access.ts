/**
 * The access log: which connections write a record, and which fields it leaves out. The cheap checks come
 * first, so that a record that nobody wants costs next to nothing.
 */
import type { AccessConfig } from '../../config/schemas/log-schema.js'
import { outcomeOf } from '../endings.js'
import type { OpenLog } from '../log/log.js'
import type { RecordCounts } from '../status.js'
import type { ConnectionFacts, RecordEnding } from './record.js'
import { redacted } from './redact.js'

/** What the decision needs. The other facts are not put together yet. */
export interface Candidate {
  readonly bytes: number
  readonly ageMs: number
  readonly ending: RecordEnding
}

export class AccessLog {
  readonly #log: OpenLog
  readonly #chance: () => number
  #config: AccessConfig | false
  #written = 0
  #skipped = 0
  #dropped = 0

  /** `chance` returns a new number from 0 to below 1 each time. */
  constructor(log: OpenLog, config: AccessConfig | false, chance: () => number = Math.random) {
    this.#log = log
    this.#config = config
    this.#chance = chance
  }

  update(config: AccessConfig | false): void {
    this.#config = config
  }

  wants(candidate: Candidate): boolean {
    const config = this.#log.log.isLevelEnabled('info') && this.#config
    const isWanted = config !== false && isChosen(config, candidate, this.#chance)
    if (!isWanted) this.#skipped++
    return isWanted
  }

  write(id: string, facts: ConnectionFacts, ending: RecordEnding): void {
    if (this.#config === false) return
    const { redact } = this.#config
    const told = redact.length > 0 ? redacted(facts, redact) : facts
    if (this.#log.record(id, told, ending)) this.#written++
    else this.#dropped++
  }

  counts(): RecordCounts {
    return { written: this.#written, skipped: this.#skipped, dropped: this.#dropped }
  }
}

function isChosen(config: AccessConfig, { bytes, ageMs, ending }: Candidate, chance: () => number): boolean {
  const { sample, always, minBytes, minMs } = config
  if (always.includes('errors') && outcomeOf(ending) === 'error') return true
  if (bytes < minBytes || ageMs < minMs) return false
  return sample >= 1 || chance() < sample
}
