/**
 * TLS sessions with backends, to be resumed by the next connection: the last one of each backend and name. Their number
 * is bounded, because with `serverName: client` clients choose the names.
 */
import type { TLSSocket } from 'node:tls'

const MOST_SESSIONS = 1000

export class Sessions {
  /** The oldest comes first. */
  readonly #sessions = new Map<string, Buffer>()

  get(key: string): Buffer | undefined {
    return this.#sessions.get(key)
  }

  /**
   * Keeps the sessions of `stream` once `done` resolves, because a resumed session does not check the certificate again.
   * Where the handshake fails, the session it used is forgotten.
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
