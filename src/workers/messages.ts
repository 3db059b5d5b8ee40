/** What supervisor and workers say to each other. A worker asks for its config, because it listens late. */
import type { Config } from '../config/schema.js'

export type ToWorker = { readonly kind: 'start'; readonly config: Config } | { readonly kind: 'drain' }

export interface ToSupervisor {
  /** `hello`: send me my config. `ready`: all my listeners listen. */
  readonly kind: 'hello' | 'ready'
}
