/**
 * Whoever fills the lists of configs: this process, which reads files, or a supervisor, which tells. Types only.
 */
import type { ConfigLists, ListStatus } from './config-lists.js'

export interface Lists {
  /** Fills the lists of a config. Rejects with `config-invalid` if a file cannot be used. */
  load(lists: ConfigLists): Promise<void>
  /** From now on these lists follow their files, and no others do. They must be loaded. */
  takeUp(lists: ConfigLists): void
  /** Those that follow their files. */
  status(): readonly ListStatus[]
  stop(): void
}
