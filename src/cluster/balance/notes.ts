/**
 * What a rule writes down about one pick, for people who ask why a backend was chosen. A pick without notes makes none.
 */
export interface PickNotes<Item> {
  /** The candidates that were drawn and compared. */
  drawn?: readonly Item[]
  /** Whether the connection has the key of `balance: hash`. */
  hasKey?: boolean
  /** The place of the picked one in the order of the key, among all backends of its tier. 1: the key belongs to it. */
  place?: number
  /** Candidates that have reached their bound on load. */
  full?: number
}
