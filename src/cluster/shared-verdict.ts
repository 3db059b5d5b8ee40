/** What one process finds out about a cluster and the others have to know, as plain data that passes between processes. */
import type { PassiveVerdict } from './health/verdict.js'
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
