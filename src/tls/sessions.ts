/**
 * TLS sessions with backends, which the next connection can resume. For each backend and name, it keeps the
 * last one. Their number is limited, because with `serverName: client` clients choose the names.
 */
import type { TLSSocket } from 'node:tls'

const MOST_SESSIONS = 1000

export class Sessions {
  /** The oldest session comes first. */
  readonly #sessions = new Map<string, Buffer>()

  get(key: string): Buffer | undefined {
    return this.#sessions.get(key)
  }

  /**
   * Keeps the sessions of `stream` once `done` resolves, because a resumed session does not check the
   * certificate again. If the handshake fails, forgets the session that it used.
   */
  watch(key: string, stream: TLSSocket, done: Promise<unknown>): void {
    let latest: Buffer | undefined
    let isVerified = false
    const keep = (): void => {
      if (isVerified && latest !== undefined) this.#keep(key, latest)
    }
    stream.on('session', (session: Buffer) => {
      latest = session
      keep()
    })
    const verified = (): void => {
      isVerified = true
      keep()
    }
    done.then(verified, () => this.#sessions.delete(key))
  }

  #keep(key: string, session: Buffer): void {
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size > MOST_SESSIONS) this.#sessions.delete(oldest!)
  }
}
