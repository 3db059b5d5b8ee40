/**
 * One backend: what it is called, what it is set to, and who uses it. Where it is reached is its
 * endpoints' business, whether it works that of its health.
 */
import { type Address, formatAddress, type ResolvedAddress } from '../address.js'
import type { BACKEND_STATE } from '../status/cluster.js'
import type { Told } from '../status/fields.js'
import type { Health } from './health/health.js'
import { Endpoints } from './names/endpoints.js'

export type BackendStatus = Told<typeof BACKEND_STATE>
export type BackendSetting = BackendStatus['setTo']

export class Backend {
  /** The address as configured: what logs, records and metrics call this backend. */
  readonly name: string
  /** Host as configured; undefined of a unix socket. */
  readonly host: string | undefined
  readonly endpoints: Endpoints
  readonly health: Health
  /** Set by whoever gives it, and by operators. */
  weight: number
  setTo: BackendSetting = 'up'

  #active = 0
  #dialling = 0
  #connections = 0
  readonly #released: ((backend: Backend) => void) | undefined

  /** `released` is told when the backend could take another connection, because one, or a connect, is over. */
  constructor(address: Address, weight: number, health: Health, released?: (backend: Backend) => void) {
    this.name = formatAddress(address)
    this.host = address.kind === 'unix' ? undefined : address.host
    this.endpoints = new Endpoints(address)
    this.health = health
    this.weight = weight
    this.#released = released
  }

  /** Whether config and operators let it have new connections. */
  get isEnabled(): boolean {
    return this.setTo === 'up' && this.weight > 0
  }

  /** Connections in use. */
  get active(): number {
    return this.#active
  }

  /** Connects on their way. */
  get dialling(): number {
    return this.#dialling
  }

  /** Its name means these addresses now. */
  resolved(ips: readonly string[]): void {
    if (this.endpoints.resolved(ips)) this.health.moved()
  }

  /** A connect is on its way. It ends by one of the next three. */
  dialBegan(): void {
    this.#dialling += 1
  }

  /** Whoever has the connection calls `release` at its end. True if the backend was down before. */
  dialSucceeded(): boolean {
    this.#dialling -= 1
    this.#active += 1
    this.#connections += 1
    return this.health.connected()
  }

  /** The connect to `address` failed at `now`. How long the backend is skipped from now on in ms, or 0. */
  dialFailed(address: ResolvedAddress, errno: string, now: number): number {
    const wasCurrent = this.endpoints.failed(address)
    const restMs = this.health.failed({ errno, wasCurrent, addresses: this.endpoints.all.length }, now)
    this.dialDropped()
    return restMs
  }

  /** The connect came to an end that says nothing about the backend. */
  dialDropped(): void {
    this.#dialling -= 1
    this.#released?.(this)
  }

  /** The connection that `dialSucceeded` counted has ended. */
  release(): void {
    this.#active -= 1
    this.#released?.(this)
  }

  status(now: number): BackendStatus {
    const { endpoints, health } = this
    return {
      address: this.name,
      weight: this.weight,
      setTo: this.setTo,
      state: endpoints.current === undefined ? 'unresolved' : health.isDown ? 'down' : 'up',
      restingMs: Math.max(0, health.skippedUntil - now),
      resolved: endpoints.all.map(formatAddress),
      active: this.#active,
      connections: this.#connections,
      failures: health.failures,
      lastError: health.lastError,
    }
  }
}
