// When each backend could serve, and what was done to it. Times are ms since 1970. It reads no clock.

export class Timeline {
  /** By address: what was done, in order. `to` is infinite while it lasts. */
  #faults = new Map()

  /** These backends serve from the beginning on. */
  constructor(addresses) {
    for (const address of addresses) this.#faults.set(address, [])
  }

  begin(address, kind, from) {
    this.#faults.get(address).push({ kind, from, to: Number.POSITIVE_INFINITY })
  }

  end(address, to) {
    this.#faults.get(address).at(-1).to = to
  }

  isTouched(address) {
    return this.#faults.get(address).at(-1)?.to === Number.POSITIVE_INFINITY
  }

  /** What was done to a backend in this time. */
  faultsOf(address, from, to) {
    return this.#faults.get(address).filter((fault) => fault.from <= to && fault.to >= from)
  }

  /** Whether nothing was done to one of these backends in this time. */
  couldServe(addresses, from, to) {
    return addresses.some((address) => this.faultsOf(address, from, to).length === 0)
  }

  /** Forgets what ended before this time. */
  forget(before) {
    for (const [address, faults] of this.#faults)
      this.#faults.set(
        address,
        faults.filter(({ to }) => to >= before),
      )
  }
}
