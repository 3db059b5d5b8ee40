/**
 * The Postgres sessions of this process whose cancel key is known, and where each of them is. A session that
 * is not here may belong to another process, which can be asked. There is one entry for each such session.
 */

/**
 * A connection can pass two listeners of the same millrace, and both see its key. Each has a session of its own by that key, because
 * a cancel request takes the same way.
 */
export const sessionOf = (listener: string, key: string): string => `${key} ${listener}`

/** Where a session is, in names that other processes know, too. */
export interface SessionPlace {
  readonly cluster: string
  /** Address of the backend as configured. */
  readonly backend: string
  /** The address at which the backend was reached. */
  readonly address: string
  /** The forward proxy of the connection to it. Undefined: it is a direct one. */
  readonly via?: string | undefined
}

/** Resolves with undefined if no process has the session. */
export type AskOthers = (session: string) => Promise<SessionPlace | undefined>

/** Questions that may be open at once, so that clients that guess keys do not keep the others busy. */
const MOST_QUESTIONS = 64

export class Sessions<Session extends { readonly place: SessionPlace }> {
  readonly #byName = new Map<string, Session>()
  /** Set if there are other processes. */
  askOthers: AskOthers | undefined
  #questions = 0

  /** How many sessions there are. */
  get size(): number {
    return this.#byName.size
  }

  begin(name: string, session: Session): void {
    this.#byName.set(name, session)
  }

  /** If two sessions had the same name, only the later one is known. */
  end(name: string, session: Session): void {
    if (this.#byName.get(name) === session) this.#byName.delete(name)
  }

  find(name: string): Session | undefined {
    return this.#byName.get(name)
  }

  /** Undefined if nobody has the session, or if too many questions are open. */
  async findElsewhere(name: string): Promise<SessionPlace | undefined> {
    if (this.askOthers === undefined || this.#questions >= MOST_QUESTIONS) return undefined
    this.#questions += 1
    try {
      return await this.askOthers(name)
    } finally {
      this.#questions -= 1
    }
  }
}
