/**
 * The Postgres sessions of this process whose cancel key is known, and where each of them is. One that is not here may
 * be another process's, which can be asked. It has as many entries as there are such sessions.
 */

/** Where a session is, in names that another process knows, too. */
export interface SessionPlace {
  readonly cluster: string
  /** As configured. */
  readonly backend: string
  /** Where it was reached. */
  readonly address: string
}

/** Answers undefined where nobody has it. */
export type AskOthers = (session: string) => Promise<SessionPlace | undefined>

/** Questions that may be on their way: whoever guesses keys is not to keep the others busy. */
const MOST_QUESTIONS = 64

export class Sessions<Session extends { readonly place: SessionPlace }> {
  readonly #byName = new Map<string, Session>()
  /** Set where there are other processes. */
  askOthers: AskOthers | undefined
  #questions = 0

  /** How many there are. */
  get size(): number {
    return this.#byName.size
  }

  begin(name: string, session: Session): void {
    this.#byName.set(name, session)
  }

  /** Of two that had the same name only the later one is known. */
  end(name: string, session: Session): void {
    if (this.#byName.get(name) === session) this.#byName.delete(name)
  }

  find(name: string): Session | undefined {
    return this.#byName.get(name)
  }

  /** Undefined where nobody has it, and where too many ask. */
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
