/**
 * One backend: its name, its settings, and how much it is used. Its endpoints know where it is reached. Its
 * health knows whether it works.
 */
import { type Address, formatAddress, type ResolvedAddress } from '../address.js'
import type { BACKEND_STATE } from '../status/cluster.js'
import type { Told } from '../status/fields.js'
import type { Health } from './health/health.js'
import { Endpoints } from './names/endpoints.js'
import type { SlowStart } from './slow-start.js'

export type BackendStatus = Told<typeof BACKEND_STATE>
export type BackendSetting = BackendStatus['setTo']

export interface BackendHooks {
  /** A connection or a connect is over: the backend could take another one. */
  released?(backend: Backend): void
  /** Its weight has changed. */
  reweighted?(): void
  /** Undefined: it always has its full share. */
  readonly slowStart?: SlowStart
}

export class Backend {
  /** The address as configured. Logs, records and metrics call this backend by it. */
  readonly name: string
  /** Host as configured. Undefined for a unix socket. */
  readonly host: string | undefined
  readonly endpoints: Endpoints
  readonly health: Health
  /** Candidates of a greater tier get connections only if no backend of a smaller one is available. */
  tier = 0

  #weight: number
  #setTo: BackendSetting = 'up'
  #active = 0
  #dialling = 0
  #connections = 0
  readonly #slowStart: SlowStart | undefined
  readonly #hooks: BackendHooks

  constructor(address: Address, weight: number, health: Health, hooks: BackendHooks = {}) {
    this.name = formatAddress(address)
    this.host = address.kind === 'unix' ? undefined : address.host
    this.endpoints = new Endpoints(address)
    this.health = health
    this.#weight = weight
    this.#hooks = hooks
    this.#slowStart = hooks.slowStart
  }

  get weight(): number {
    return this.#weight
  }

  get setTo(): BackendSetting {
    return this.#setTo
  }

  /** The source that gives the backend sets it, and so do operators. A backend that becomes enabled starts slowly. */
  set(weight: number, setTo: BackendSetting): void {
    const wasEnabled = this.isEnabled
    const wasWeight = this.#weight
    this.#weight = weight
    this.#setTo = setTo
    if (!wasEnabled && this.isEnabled) this.startSlowly()
    if (weight !== wasWeight) this.#hooks.reweighted?.()
  }

  /** Its share of new connections is small from now on, and grows. */
  startSlowly(): void {
    this.#slowStart?.begin()
  }

  get share(): number {
    return this.#slowStart === undefined ? this.#weight : this.#weight * this.#slowStart.part
  }

  /** Whether the config and operators allow it new connections. */
  get isEnabled(): boolean {
    return this.#setTo === 'up' && this.#weight > 0
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
    this.#hooks.released?.(this)
  }

  /** The connection that `dialSucceeded` counted has ended. */
  release(): void {
    this.#active -= 1
    this.#hooks.released?.(this)
  }

  status(now: number): BackendStatus {
    const { endpoints, health } = this
    return {
      address: this.name,
      weight: this.weight,
      tier: this.tier,
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
