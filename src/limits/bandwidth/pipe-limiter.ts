/**
 * The limits of one pipe: rates of its own, rates that it shares with other connections, and how many bytes it may
 * move. It exists only for connections that have such limits.
 */
import type { Socket } from '../../io/socket.js'
import type { PipeLimits, Slowed, SlowedDirections } from '../../pipe/throttle.js'
import type { ByteRates } from '../policy.js'
import { DirectionThrottle, type NamedLimit } from './direction-throttle.js'
import type { HandOuts } from './hand-outs.js'
import { OWN, OwnRate } from './own-rate.js'

/** What a pipe shares with others, and when it ends. */
export interface PipeShares {
  readonly up: readonly NamedLimit[]
  readonly down: readonly NamedLimit[]
  /** Both directions together. Infinity: no limit. */
  readonly maxBytes: number
  /** Counts bytes for the days of its sources. False: the day has no more for one of them. */
  countDays(bytes: number): boolean
  /** Called at the end of the pipe. */
  closed(): void
}

/** It shares nothing. */
export const NO_SHARES: PipeShares = {
  up: [],
  down: [],
  maxBytes: Number.POSITIVE_INFINITY,
  countDays: () => true,
  closed: () => {},
}

/** The sockets of a pipe that bytes leave by. */
export interface Sinks {
  readonly client: Pick<Socket, 'setPacing'>
  readonly backend: Pick<Socket, 'setPacing'>
}

/** New rates of one connection. Undefined: as before. 0: no limit. */
export type RateChange = { readonly [Name in keyof ByteRates]?: number | undefined }

export class PipeLimiter implements PipeLimits {
  readonly up: DirectionThrottle
  readonly down: DirectionThrottle
  readonly rates: { readonly up: OwnRate; readonly down: OwnRate }
  readonly #handOuts: HandOuts
  #shares = NO_SHARES
  /** How many bytes its days have counted. */
  #counted: number

  /** `wake` has the pipe run. `moved`: bytes that no day counts, because they passed before. */
  constructor(handOuts: HandOuts, { client, backend }: Sinks, wake: () => void, moved = 0) {
    this.#handOuts = handOuts
    this.#counted = moved
    this.up = new DirectionThrottle(handOuts, wake)
    this.down = new DirectionThrottle(handOuts, wake)
    this.rates = { up: new OwnRate(this.up, backend), down: new OwnRate(this.down, client) }
  }

  /** From now on the pipe shares this with others, and nothing else. Until then it shares nothing. */
  share(shares: PipeShares): void {
    const before = this.#shares
    this.#shares = shares
    this.up.hasQuota = shares.maxBytes !== Number.POSITIVE_INFINITY
    this.down.hasQuota = this.up.hasQuota
    this.up.share(shares.up, OWN)
    this.down.share(shares.down, OWN)
    before.closed()
  }

  /** Changes the rates of this connection alone. */
  setRates({ up, down }: RateChange): void {
    if (up !== undefined) this.rates.up.set(up, this.#handOuts.now)
    if (down !== undefined) this.rates.down.set(down, this.#handOuts.now)
  }

  left(moved: number): number {
    const left = Math.max(0, this.#shares.maxBytes - moved)
    if (left === 0) {
      this.up.stop()
      this.down.stop()
    }
    return left
  }

  look(moved: number): boolean {
    const fresh = moved - this.#counted
    this.#counted = moved
    return this.#shares.countDays(fresh)
  }

  slowed(): SlowedDirections | undefined {
    const up = slowedBy(this.up, this.rates.up)
    const down = slowedBy(this.down, this.rates.down)
    return up === undefined && down === undefined ? undefined : { up, down }
  }

  close(): void {
    this.up.leave()
    this.down.leave()
    this.#shares.closed()
  }
}

function slowedBy(throttle: DirectionThrottle, { bytesPerSecond, isPaced }: OwnRate): Slowed | undefined {
  const waits = [...throttle.waits].filter(([, ms]) => ms > 0).sort(([, a], [, b]) => b - a)
  const by = waits[0]?.[0] ?? (isPaced ? OWN : undefined)
  if (by === undefined) return undefined
  const waitedMs = Math.ceil(waits.reduce((sum, [, ms]) => sum + ms, 0))
  return {
    by,
    bytesPerSecond: by === OWN || isPaced ? bytesPerSecond : undefined,
    waitedMs: waitedMs === 0 ? undefined : waitedMs,
  }
}
