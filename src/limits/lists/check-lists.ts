/** Whether the files of a config can be used, without a proxy that uses them. */
import { ConfigLists } from './config-lists.js'
import type { Needs } from './needs.js'
import { OwnLists } from './own-lists.js'

/** Rejects with `config-invalid` if one cannot. */
export async function checkLists(config: Needs): Promise<void> {
  await new OwnLists({ loaded: () => {}, failed: () => {} }).load(new ConfigLists(config))
}
