/** How names are asked for, as a config says it. Plain data. */

export interface NameServer {
  readonly ip: string
  readonly port: number
}

export interface NamesSettings {
  /** In the order in which they are asked. Undefined: those of the system. */
  readonly servers: readonly NameServer[] | undefined
  /** How long one server may take. Undefined: as the system says. */
  readonly timeoutMs: number | undefined
  /** How often a silent server is asked. Undefined: as the system says. */
  readonly tries: number | undefined
  /** An answer is used for at least this long, whatever its TTL is. */
  readonly minTtlMs: number
  /** An answer is used for at most this long. */
  readonly maxTtlMs: number
  /** Each pause is longer or shorter by a random part of this much. */
  readonly jitterPercent: number
  /** So many empty answers in a row, and */
  readonly emptyAnswers: number
  /** this much time since the first of them, until they are believed. */
  readonly emptyForMs: number
}
