/** What supervisor and workers say to each other. */
import type { Config } from '../config/schema.js'

export type ToWorker = { readonly kind: 'start'; readonly config: Config } | { readonly kind: 'drain' }

export interface Ready {
  readonly kind: 'ready'
}

export function isReady(message: unknown): message is Ready {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'ready'
}
