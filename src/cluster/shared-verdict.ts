/** What one process finds out about a cluster and others have to know, as plain data that passes between processes. */
import type { AgentVerdict, CheckVerdict, PassiveVerdict } from './health/verdict.js'
import type { Moved } from './tiers.js'

export type SharedVerdict =
  /** `verdict` undefined: the backend works again. */
  | {
      readonly about: 'backend'
      readonly cluster: string
      readonly backend: string
      readonly verdict: PassiveVerdict | undefined
    }
  | { readonly about: 'tier'; readonly cluster: string; readonly moved: Moved }

/** What checks or an agent say. `verdict` undefined: there are none any more. */
export type ActiveVerdict =
  | {
      readonly about: 'checks'
      readonly cluster: string
      readonly backend: string
      readonly verdict: CheckVerdict | undefined
    }
  | {
      readonly about: 'agent'
      readonly cluster: string
      readonly backend: string
      readonly verdict: AgentVerdict | undefined
    }

/** `isLogged`: the process that is told logs that a backend goes down or comes back. */
export interface ToldVerdict {
  readonly verdict: SharedVerdict | ActiveVerdict
  readonly isLogged: boolean
}
