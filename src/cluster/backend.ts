/**
 * One backend: its name, its settings, and how much it is used. Its endpoints know where it is reached. Its
 * health knows whether it works.
 */
import { type Address, formatAddress, type ResolvedAddress } from '../address.js'
import type { BACKEND_STATE } from '../status/cluster.js'
import type { Told } from '../status/fields.js'
import type { Health, HealthChange } from './health/health.js'
import type { AgentVerdict, CheckVerdict } from './health/verdict.js'
import { Endpoints } from './names/endpoints.js'
import { Places } from './queue/places.js'
import type { SlowStart } from './slow-start.js'

export type BackendStatus = Told<typeof BACKEND_STATE>
export type BackendSetting = BackendStatus['setTo']

export interface BackendHooks {
  /** A connection or a connect is over: the backend could take another one. */
  released?(backend: Backend): void
  /** Its weight has changed. */
  reweighted?(): void
  /** How many connections it may have is another number now. */
  relimited?(): void
  /** Undefined: it always has its full share. */
  readonly slowStart?: SlowStart
  /** Counts its connections once it has a limit. `part`: of the limit, above 0. Default: this process counts alone. */
  createPlaces?(backend: Backend, part: () => number): Places
}

export class Backend {
  /** The address as configured. Logs, records and metrics call this backend by it. */
  readonly name: string
  /** The host name of the server, or its IP address. Undefined for a unix socket. */
  host: string | undefined
  readonly endpoints: Endpoints
  readonly health: Health
  /** Candidates of a greater tier get connections only if no backend of a smaller one is available. */
  tier = 0
  /** As given and set, and changed by the agent. Every pick reads it and `isEnabled`, so they are plain fields. */
  weight: number
  /** Whether the config, operators and its agent allow it new connections. */
  isEnabled: boolean

  #weightSet: number
  #maxConnectionsSet = 0
  /** The limit that holds when it does not start slowly. 0: none. */
  #limit = 0
  /** Undefined: it never had a limit. */
  #places: Places | undefined
  #setTo: BackendSetting = 'up'
  #active = 0
  #dialling = 0
  #connections = 0
  /** When it last went down or came back, in ms since 1970. */
  #changedAt: number | undefined
  readonly #slowStart: SlowStart | undefined
  readonly #hooks: BackendHooks

  constructor(address: Address, weight: number, health: Health, hooks: BackendHooks = {}) {
    this.name = formatAddress(address)
    this.host = address.kind === 'unix' ? undefined : address.host
    this.endpoints = new Endpoints(address)
    this.health = health
    this.weight = weight
    this.isEnabled = weight > 0
    this.#weightSet = weight
    this.#hooks = hooks
    this.#slowStart = hooks.slowStart
  }

  /** The weight that its source gives or an operator has set. */
  get weightSet(): number {
    return this.#weightSet
  }

  get setTo(): BackendSetting {
    return this.#setTo
  }

  /** The source that gives the backend sets it, and so do operators. A backend that becomes enabled starts slowly. */
  set(weight: number, setTo: BackendSetting): void {
    this.#adjust(() => {
      this.#weightSet = weight
      this.#setTo = setTo
    })
  }

  /** How many connections it may have. 0: any number. The agent may say another number. */
  limit(maxConnections: number): void {
    this.#adjust(() => {
      this.#maxConnectionsSet = maxConnections
    })
  }

  /** Whether it has as many connections as it may have at present. */
  get isFull(): boolean {
    return this.#places?.isFull(this.#open) ?? false
  }

  /** Connections that it may have at present. 0: any number. */
  get maxConnections(): number {
    return this.#places?.limit ?? 0
  }

  /** Its checks have said something new. Undefined: they have stopped, and nothing is known. */
  checked(verdict: CheckVerdict | undefined, now: number): HealthChange | undefined {
    return this.noted(this.health.checked(verdict, now), verdict?.changedAt)
  }

  /** Its agent has said something. Undefined: no agent is asked any more. */
  agentSaid(verdict: AgentVerdict | undefined, now: number): HealthChange | undefined {
    let change: HealthChange | undefined
    this.#adjust(() => {
      change = this.health.agentSaid(verdict, now)
    })
    return this.noted(change)
  }

  /** Its share of new connections is small from now on, and grows. */
  startSlowly(): void {
    this.#slowStart?.begin()
  }

  get share(): number {
    return this.#slowStart === undefined ? this.weight : this.weight * this.#slowStart.part
  }

  /** Connections in use. */
  get active(): number {
    return this.#active
  }

  /** Connects in progress. */
  get dialling(): number {
    return this.#dialling
  }

  /** Its name now means these addresses. Undefined: nothing new is known of it. */
  resolved(ips: readonly string[] | undefined, now: number): void {
    if (ips !== undefined && this.endpoints.resolved(ips)) this.health.moved(now)
  }

  /**
   * A connect begins if there is a place for it. It ends with one of the next three methods. `maxConnections`: the limit for this connect.
   * Undefined: the usual one.
   */
  begin(maxConnections = this.#limit): boolean {
    if (maxConnections !== this.#limit) this.#relimit(maxConnections)
    if (this.#places !== undefined && !this.#places.take(this.#open)) return false
    this.#dialling += 1
    return true
  }

  /** A connect begins, whatever the limit is. */
  dialBegan(): void {
    this.#places?.takeAnyway()
    this.#dialling += 1
  }

  /** The owner of the connection calls `release` at its end. */
  dialSucceeded(now: number): HealthChange | undefined {
    this.#dialling -= 1
    this.#active += 1
    this.#connections += 1
    return this.noted(this.health.connected(now))
  }

  /** A connection of another process goes on here. Its owner calls `release` at its end. */
  resumed(): void {
    this.#places?.adopt()
    this.#active += 1
  }

  /** The connect to `address` failed at `now`. */
  dialFailed(address: ResolvedAddress, errno: string, now: number): HealthChange | undefined {
    const wasCurrent = this.endpoints.failed(address)
    const failure = { errno, wasCurrent, addresses: this.endpoints.turns }
    const change = this.noted(this.health.failed(failure, now))
    this.dialDropped()
    return change
  }

  /** The connect ended, and that says nothing about the backend. */
  dialDropped(): void {
    this.#dialling -= 1
    this.#places?.leave()
    this.#hooks.released?.(this)
  }

  /** The connection that `dialSucceeded` counted has ended. */
  release(): void {
    this.#active -= 1
    this.#places?.leave()
    this.#hooks.released?.(this)
  }

  /** Another process goes on with the connection. */
  give(): void {
    this.#active -= 1
    this.#places?.give()
    this.#hooks.released?.(this)
  }

  /** Its health has changed at this time, in ms since 1970. Returns the change. */
  noted(change: HealthChange | undefined, at = Date.now()): HealthChange | undefined {
    if (change !== undefined && change.isAgain === undefined) this.#changedAt = at
    return change
  }

  status(now: number): BackendStatus {
    const { endpoints, health } = this
    const { active, judgement } = health
    return {
      address: this.name,
      weight: Math.round(this.weight * 1000) / 1000,
      tier: this.tier,
      setTo: this.setTo,
      state: endpoints.current === undefined ? 'unresolved' : health.isDown(now) ? 'down' : 'up',
      agentSet: active.agentSet,
      judgedBy: judgement?.judgedBy,
      reason: judgement?.reason,
      reasonDetail: judgement?.detail,
      changedAt: this.#changedAt === undefined ? undefined : new Date(this.#changedAt).toISOString(),
      isFlapping: health.isFlapping(now),
      checks: active.checks,
      checksFailed: active.checksFailed,
      restingMs: Math.max(0, health.skippedUntil - now),
      resolved: endpoints.isLeft ? [] : endpoints.all.map(formatAddress),
      maxConnections: this.maxConnections,
      active: this.#active,
      connections: this.#connections,
      failures: health.failures,
      lastError: health.lastError,
    }
  }

  get #open(): number {
    return this.#active + this.#dialling
  }

  #adjust(apply: () => void): void {
    const { isEnabled, weight } = this
    apply()
    const { weightFactor, mayGetNew, maxConnections = this.#maxConnectionsSet } = this.health.active
    this.weight = this.#weightSet * weightFactor
    this.isEnabled = this.#setTo === 'up' && this.#weightSet > 0 && mayGetNew
    if (!isEnabled && this.isEnabled) this.startSlowly()
    if (weight !== this.weight) this.#hooks.reweighted?.()
    if (maxConnections !== this.#limit) this.#relimit(maxConnections)
  }

  #relimit(maxConnections: number): void {
    this.#limit = maxConnections
    const part = (): number => this.#slowStart?.part ?? 1
    this.#places ??= this.#hooks.createPlaces?.(this, part) ?? new Places(undefined, this.name, part)
    this.#places.set(maxConnections, this.#open)
    this.#hooks.relimited?.()
  }
}
