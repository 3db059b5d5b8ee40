/**
 * One backend: its name, its settings, and how much it is used. Its endpoints know where it is reached. Its
 * health knows whether it works.
 */
import { type Address, formatAddress, type ResolvedAddress } from '../address.js'
import type { BACKEND_STATE } from '../status/cluster.js'
import type { Told } from '../status/fields.js'
import type { Health } from './health/health.js'
import { Endpoints } from './names/endpoints.js'

export type BackendStatus = Told<typeof BACKEND_STATE>
export type BackendSetting = BackendStatus['setTo']

export class Backend {
  /** The address as configured. Logs, records and metrics call this backend by it. */
  readonly name: string
  /** Host as configured. Undefined for a unix socket. */
  readonly host: string | undefined
  readonly endpoints: Endpoints
  readonly health: Health
  /** The source that gives the backend sets these, and so do operators. */
  weight: number
  setTo: BackendSetting = 'up'

  #active = 0
  #dialling = 0
  #connections = 0
  readonly #released: ((backend: Backend) => void) | undefined

  /** `released` is called when a connection or a connect is over: the backend could take another one. */
  constructor(address: Address, weight: number, health: Health, released?: (backend: Backend) => void) {
    this.name = formatAddress(address)
    this.host = address.kind === 'unix' ? undefined : address.host
    this.endpoints = new Endpoints(address)
    this.health = health
    this.weight = weight
    this.#released = released
  }

  /** Whether the config and operators allow it new connections. */
  get isEnabled(): boolean {
    return this.setTo === 'up' && this.weight > 0
  }

  /** Connections in use. */
  get active(): number {
    return this.#active
  }

  /** Connects in progress. */
  get dialling(): number {
    return this.#dialling
  }

  /** Its name now means these addresses. */
  resolved(ips: readonly string[]): void {
    if (this.endpoints.resolved(ips)) this.health.moved()
  }

  /** A connect begins. It ends with one of the next three methods. */
  dialBegan(): void {
    this.#dialling += 1
  }

  /** The owner of the connection calls `release` at its end. Returns true if the backend was down before. */
  dialSucceeded(): boolean {
    this.#dialling -= 1
    this.#active += 1
    this.#connections += 1
    return this.health.connected()
  }

  /** The connect to `address` failed at `now`. Returns how long the backend is skipped, in ms, or 0. */
  dialFailed(address: ResolvedAddress, errno: string, now: number): number {
    const wasCurrent = this.endpoints.failed(address)
    const restMs = this.health.failed({ errno, wasCurrent, addresses: this.endpoints.all.length }, now)
    this.dialDropped()
    return restMs
  }

  /** The connect ended, and that says nothing about the backend. */
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
