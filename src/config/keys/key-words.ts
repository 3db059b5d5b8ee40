/**
 * What a user is told about one key of the config. The tables of docs/config.md are made from these words, and a test
 * compares them with the schema: every key, its default, its range, and whether 0 is accepted. Words only: nothing here
 * decides how a config is read.
 */

/** In Markdown, without `|`, because each is a cell of a table. */
export interface KeyWords {
  /** What the key does, and what the peer sees when it applies. */
  readonly does: string
  /** Unit and range, or the choices. A range is written `` `1` to `256` ``. */
  readonly takes: string
  readonly default: string
  /** What 0 does. Only of keys for which somebody could write 0. */
  readonly zero?: string
}

/** By the key's path: `[]` is each item of a list, `NAME` is a name that the user chooses. */
export type KeyTable = Readonly<Record<string, KeyWords>>

export const REQUIRED = 'required'
/** Of a key that is set nowhere unless the user sets it. */
export const NOT_SET = 'not set'
