/**
 * What the docs say about one key of the config. The tables of docs/config.md are made from these words. A
 * test compares them with the schema: every key, its default, its range, and whether 0 is accepted. These are
 * only words: nothing here decides how a config is read.
 */

/** Each is a cell of a table: Markdown, without `|`. */
export interface KeyWords {
  /** What the key does, and what the peer sees when it applies. */
  readonly does: string
  /** Unit and range, or the choices. A range is written `` `1` to `256` ``. */
  readonly takes: string
  readonly default: string
  /** What 0 does. Only for keys where somebody could write 0. */
  readonly zero?: string
}

/** By the key's path. `[]` is each item of a list, `NAME` is a name that the user chooses. */
export type KeyTable = Readonly<Record<string, KeyWords>>

export const REQUIRED = 'required'
/** For a key without a value unless the user sets one. */
export const NOT_SET = 'not set'
