/** What active checks and the agent of a backend say about it, as plain data that passes between processes. Pure. */

/** The reason of a backend that no check has ended for, as HAProxy abbreviates it. Nothing has shown that it is up or down. */
export const NOT_CHECKED_YET = 'INI'

export interface CheckVerdict {
  readonly isUp: boolean
  /** How the last check went, as HAProxy abbreviates it: L4OK, L4CON, L4TOUT, L6RSP, L7STS … */
  readonly reason: string
  /** More about the last result, such as an errno name or the status of an HTTP answer. Undefined: there is no more. */
  readonly detail: string | undefined
  /** When the verdict became what it is, in ms since 1970. */
  readonly changedAt: number
  /** Checks so far, and how many of them failed. */
  readonly checks: number
  readonly checksFailed: number
  /** How long before the moment at which this is told a check last passed, in ms. If none has passed, it means nothing. */
  readonly passedAgoMs: number
}

/** Whether a check that passed for this reason has read an answer. A connect alone does not show that a backend answers. */
export const hasAnswered = (reason: string): boolean => reason.startsWith('L7')

/** What the agent of a backend has said so far. A field that the agent never named is undefined. */
export interface AgentVerdict {
  /** The last of `up` and `down`, with HAProxy's synonyms `fail` and `stopped`. */
  readonly isUp: boolean | undefined
  /** The last of `ready`, `drain` and `maint`. */
  readonly admin: 'ready' | 'drain' | 'maint' | undefined
  /** Percent of the weight that the config gives, 0 or more. */
  readonly weightPercent: number | undefined
  /** How many connections the backend may have. */
  readonly maxConnections: number | undefined
  /** The text behind `#`. */
  readonly reason: string | undefined
}

/** What connections have shown of a backend: it is down, and is skipped for a while. */
export interface PassiveVerdict {
  /** `connects`: connects failed. `answers`: it accepted connections, and then reset them, began no TLS, or was silent. */
  readonly judgedBy: 'connects' | 'answers'
  /** L4CON, L4TOUT, L6RSP, L6TOUT, L7RSP or L7TOUT, as HAProxy abbreviates them. */
  readonly reason: string
  /** errno name, or why TLS failed, if there is one. */
  readonly detail: string | undefined
  /** How long it is skipped from the moment at which this is told, in ms. 0: the cluster cannot do without it. */
  readonly restMs: number
  /** How often it was ejected of late. */
  readonly times: number
}
