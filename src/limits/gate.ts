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
  readonly #enforced: readonly GateCheck[]
  readonly #dry: readonly GateCheck[]
  readonly #refused: GateRefused

  /** The checks are asked in this order, until one refuses. */
  constructor(checks: readonly GateCheck[], refused: GateRefused = () => {}) {
    this.#enforced = checks.filter(({ isDryRun }) => !isDryRun)
    this.#dry = checks.filter(({ isDryRun }) => isDryRun)
    this.#refused = refused
  }

  /** Why a client of this address may not come in. Undefined: it may. A client that waits is asked about again and again. */
  refuses(client: PeerAddress): OpeningCause | undefined {
    for (const check of this.#enforced) {
      const cause = check.refuses(client)
      if (cause === undefined) continue
      this.#refused(check, cause, client)
      return cause
    }
    return undefined
  }

  /** A client of this address has come in. Tells what each dry run would have done. Call it once for each client. */
  letIn(client: PeerAddress): void {
    for (const check of this.#dry) {
      const cause = check.refuses(client)
      if (cause !== undefined) this.#refused(check, cause, client)
    }
  }
}
