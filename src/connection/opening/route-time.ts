/** How long a `route` function takes. While it waits for bytes of the client, the client takes the time. */
export class RouteTime {
  #ownMs = 0
  /** When it last began to wait for nothing of the client. */
  #ownSince = performance.now()
  #awaited = 0

  /** Whether it waits for no bytes of the client. */
  get isOwn(): boolean {
    return this.#awaited === 0
  }

  /** In whole µs, without the time in which it waited for bytes of the client. */
  get ownMicros(): number {
    const running = this.isOwn ? performance.now() - this.#ownSince : 0
    return Math.round((this.#ownMs + running) * 1000)
  }

  /** The function waits for these bytes. A wait that fails has no end. */
  async waitFor<Bytes>(bytes: Promise<Bytes>): Promise<Bytes> {
    if (this.isOwn) this.#ownMs += performance.now() - this.#ownSince
    this.#awaited++
    const came = await bytes
    this.#awaited--
    if (this.isOwn) this.#ownSince = performance.now()
    return came
  }
}
