/**
 * The gate of a listener: checks that may turn a client away for its address alone. A client passes the gate when it is
 * accepted, and again when a trusted proxy has named another client. The gate closes nothing and counts nothing.
 */
import type { PeerAddress } from '../address.js'
import type { OpeningCause } from '../observe/endings.js'

/** One check of one scope. Lists and bans are checks. */
export interface GateCheck {
  /** Whose check it is: `process` or `listener/NAME`. */
  readonly scope: string
  /** It turns nobody away. The clients that it would have turned away are counted and logged. */
  readonly isDryRun: boolean
  /** Why a client of this address may not come in. Undefined: it may. It makes no object for those that may. */
  refuses(client: PeerAddress): OpeningCause | undefined
}

/** Is told about each client that a check refuses, or would have refused. */
export type GateRefused = (check: GateCheck, cause: OpeningCause, client: PeerAddress) => void

export class Gate {
  readonly #checks: readonly GateCheck[]
  readonly #refused: GateRefused

  /** The checks are asked in this order, until one refuses. */
  constructor(checks: readonly GateCheck[], refused: GateRefused = () => {}) {
    this.#checks = checks
    this.#refused = refused
  }

  /** Why a client of this address may not come in. Undefined: it may. */
  refuses(client: PeerAddress): OpeningCause | undefined {
    for (const check of this.#checks) {
      const cause = check.refuses(client)
      if (cause === undefined) continue
      this.#refused(check, cause, client)
      if (!check.isDryRun) return cause
    }
    return undefined
  }
}
