/**
 * One backend: where it is, how it fared, who uses it. Health is passive: what connects say, nothing else.
 * A backend rests when every address it has failed since it last answered. It never dials and never asks
 * for the time: it is told both.
 */
import { isIP } from 'node:net'
import { type Address, formatAddress, type ResolvedAddress } from '../address.js'

const FIRST_REST_MS = 1000
const LONGEST_REST_MS = 30_000

/** Loopback by definition (RFC 6761, section 6.3): no resolver can make it anything else. */
const LOCALHOST = ['127.0.0.1', '::1']

/** No source port or address left here, or a queue full for a moment: no reason to think it is down. */
const NOT_ITS_FAULT: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAGAIN'])

export type BackendSetting = 'up' | 'down' | 'drain'

export interface BackendStatus {
  /** As configured. */
  readonly address: string
  /** 0: it gets no new connections. */
  readonly weight: number
  /** What an operator has set it to. `down` and `drain`: it gets no new connections. */
  readonly setTo: BackendSetting
  /** `down`: all its addresses failed and none answered since. `unresolved`: its host name had no answer yet. */
  readonly state: 'up' | 'down' | 'unresolved'
  /** How long it is still skipped while others are available, in ms. 0: it is not. */
  readonly restingMs: number
  /** What the address means now; several where a host name has several. */
  readonly resolved: readonly string[]
  /** Connections in use. */
  readonly active: number
  /** Connections ever made. */
  readonly connections: number
  /** Connects that failed by the backend's fault, ever. */
  readonly failures: number
  /** errno name of the last of these; undefined when there was none. */
  readonly lastError: string | undefined
}

export class Backend {
  /** The address as configured: what logs, records and metrics call this backend. */
  readonly name: string
  /** Set by the config, and by operators. */
  weight: number
  setTo: BackendSetting = 'up'
  /** The name to resolve, or undefined where the address needs no resolver. */
  readonly hostName: string | undefined
  /** Host as configured; undefined of a unix socket. */
  get host(): string | undefined {
    return this.#configured.kind === 'unix' ? undefined : this.#configured.host
  }

  /** Connections in use. */
  active = 0
  /** Connects on their way. */
  dialling = 0
  /** How many times in a row all addresses failed. */
  failuresInARow = 0
  /** When its rest ends, on the clock of the cluster. */
  restingUntil = 0

  readonly #configured: Address
  #addresses: readonly ResolvedAddress[] = []
  #turn = 0
  #failedAddresses = 0
  #connections = 0
  #failures = 0
  #lastError: string | undefined
  #configuredWeight: number

  constructor(address: Address, weight: number) {
    this.name = formatAddress(address)
    this.weight = weight
    this.#configuredWeight = weight
    this.#configured = address
    if (address.kind === 'unix' || isIP(address.host) !== 0) this.#addresses = [address]
    else if (address.host.toLowerCase() === 'localhost') this.resolved(LOCALHOST)
    else this.hostName = address.host
  }

  /** It is in the config, for the first time or again: nothing is held against it, and what it counted stays. */
  join(weight: number): void {
    this.#configuredWeight = weight
    this.weight = weight
    this.setTo = 'up'
    this.failuresInARow = 0
    this.#failedAddresses = 0
    this.restingUntil = 0
  }

  /** The config gives it this weight. Where that is no news, what an operator has set stays. */
  configure(weight: number): void {
    if (weight === this.#configuredWeight) return
    this.#configuredWeight = weight
    this.weight = weight
  }

  /** Whether it may be given new connections at all. */
  get isInUse(): boolean {
    return this.setTo === 'up' && this.weight > 0
  }

  /** Where to connect to, or undefined while the host name has no answer. Stays the same until it fails. */
  get address(): ResolvedAddress | undefined {
    return this.#addresses[this.#turn]
  }

  get addressCount(): number {
    return this.#addresses.length
  }

  /** Takes the addresses of its host name. One that works stays in use, whatever order they come in. */
  resolved(ips: readonly string[]): void {
    if (this.#configured.kind === 'unix') return
    const { port } = this.#configured
    const before = this.address
    this.#addresses = ips.map((host) => ({ kind: 'tcp', host, port }))
    this.#turn = Math.max(
      0,
      this.#addresses.findIndex((address) => isSame(address, before)),
    )
    // A backend that moved is not to blame for where it was.
    if (!isSame(this.#addresses[this.#turn], before)) this.restingUntil = 0
  }

  /**
   * Whether it should be picked at `now`. After a rest one connect goes ahead alone: if the backend hangs,
   * one client waits for it rather than everybody's share of them.
   */
  isAvailable(now: number): boolean {
    if (this.failuresInARow === 0) return true
    return now >= this.restingUntil && this.dialling === 0
  }

  /** A connect succeeded. Whoever has the connection calls `release` at its end. True if it had been resting. */
  succeeded(): boolean {
    const wasDown = this.failuresInARow > 0
    this.active += 1
    this.#connections += 1
    this.failuresInARow = 0
    this.#failedAddresses = 0
    this.restingUntil = 0
    return wasDown
  }

  /** A connect to `address` failed at `now`. The rest this begins in ms, or 0 where it begins none. */
  failed(address: ResolvedAddress, errno: string, now: number): number {
    // Of many connects that fail together only the first moves on to the next address.
    const isNews = isSame(address, this.address)
    if (isNews) this.#turn = (this.#turn + 1) % this.#addresses.length
    if (NOT_ITS_FAULT.has(errno)) return 0
    this.#failures += 1
    this.#lastError = errno
    // While it rests a failure is what everybody expects: the rest must not grow by the number of clients.
    return isNews && now >= this.restingUntil ? this.#blame(now) : 0
  }

  /** The connection `succeeded` counted has ended. */
  release(): void {
    this.active -= 1
  }

  status(now: number): BackendStatus {
    return {
      address: this.name,
      weight: this.weight,
      setTo: this.setTo,
      state: this.address === undefined ? 'unresolved' : this.failuresInARow > 0 ? 'down' : 'up',
      restingMs: Math.max(0, this.restingUntil - now),
      resolved: this.#addresses.map(formatAddress),
      active: this.active,
      connections: this.#connections,
      failures: this.#failures,
      lastError: this.#lastError,
    }
  }

  #blame(now: number): number {
    this.#failedAddresses += 1
    if (this.#failedAddresses < this.#addresses.length) return 0
    this.#failedAddresses = 0
    const restMs = Math.min(FIRST_REST_MS * 2 ** this.failuresInARow, LONGEST_REST_MS)
    this.failuresInARow += 1
    this.restingUntil = now + restMs
    return restMs
  }
}

function isSame(a: ResolvedAddress | undefined, b: ResolvedAddress | undefined): boolean {
  return a === b || (a?.kind === 'tcp' && b?.kind === 'tcp' && a.host === b.host)
}
