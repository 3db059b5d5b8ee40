/**
 * A proxy in a simulated kernel, with clients, backends and an operator. Time passes only when the world is told so. The
 * world does what it is told. invariants.ts has the rules, except for those that its peers check by themselves.
 */
import { DnsNames } from '../../../src/cluster/names/dns-names.js'
import type { HoldOrder } from '../../../src/control/orders.js'
import type { LogOptions, OpenLog } from '../../../src/observe/log/log.js'
import type { WriteRecord } from '../../../src/observe/log/log-place.js'
import type { ConnectionFacts, RecordEnding } from '../../../src/observe/records/record.js'
import { RunningProxy } from '../../../src/proxy/running-proxy.js'
import { settle, type VirtualClock } from '../clock.js'
import { Kernel, NO_SHORTAGE } from '../kernel/kernel.js'
import type { FarEnd } from '../kernel/machine.js'
import { simulatedLog } from '../log.js'
import type { Random } from '../random.js'
import type { Call } from './calls.js'
import { Client } from './client.js'
import type { Conditions } from './conditions.js'
import { createPlayed, type Played } from './engines.js'
import { Holds } from './holds.js'
import { Limit } from './limit.js'
import { Names } from './names.js'
import type { Beginning } from './peer.js'
import { BackendServer, ServerSide } from './server.js'
import { addressOf, BACKENDS, NAMES, type Setting } from './setting.js'
import { Violation } from './violation.js'

export interface Told {
  readonly facts: ConnectionFacts
  readonly ending: RecordEnding
  readonly at: number
}

/** How many places a limit had, and how many were held. */
export interface LimitAtRest {
  most: number
  held: number
}

const newLimit = (): LimitAtRest => ({ most: Number.POSITIVE_INFINITY, held: 0 })

/** What may happen to a proxy. */
export type Done = 'start' | 'shortage' | 'drain' | 'reload' | 'hold' | 'release' | 'stop'

/** After so long (ms) with nothing but timers due, nothing more comes by itself. Longer than any pause of millrace. */
const QUIET_MS = 450
/** A rest that takes more turns than this never ends. */
const MOST_TURNS = 20_000
const ALL = Number.MAX_SAFE_INTEGER

export class World {
  readonly clock: VirtualClock
  readonly kernel: Kernel
  readonly proxy: RunningProxy
  readonly setting: Setting
  readonly clients = new Map<string, Client>()
  readonly serverSides = new Map<string, ServerSide>()
  readonly servers: readonly BackendServer[]
  readonly names: Names
  readonly limit: Limit | undefined
  readonly holds: Holds
  readonly records: Told[] = []
  /** All that ever happened to the proxy. It may explain an end. */
  readonly done = new Set<Done>()
  /** For the limits of the config: of all connections together, and of the source that has most of them. */
  readonly atLastRest = { all: newLimit(), ofSource: newLimit() }
  /** The errors that were logged. */
  readonly complaints: string[] = []
  readonly #played: Played
  readonly #orders: Promise<unknown>[] = []

  /** The clock must be installed. */
  constructor(clock: VirtualClock, setting: Setting, conditions: Conditions, random: Random) {
    this.clock = clock
    this.setting = setting
    this.kernel = new Kernel(random, setting.kernel)
    this.#played = createPlayed(this.kernel, setting.kernel.quotaPages, conditions)
    this.servers = BACKENDS.map((place) => this.#serverAt(place))
    const { engine } = this.#played
    this.names = new Names(clock, NAMES)
    this.holds = new Holds(clock)
    this.limit = setting.limit && new Limit(setting.limit, () => this.kernel.random)
    const options = {
      engine,
      openLog: this.#log(setting.configs[0]!.log),
      names: new DnsNames(setting.configs[0]!.names, { createClient: () => this.names }),
      ...(this.limit && { admission: this.limit }),
    }
    this.proxy = new RunningProxy(setting.configs[0]!, options)
  }

  get held(): Readonly<Record<string, number>> {
    return this.#played.held()
  }

  start(): void {
    this.order('start', () => this.proxy.start())
    settle()
  }

  /** Finds the client of a record by its port, because a header may have told another host. */
  clientOf(label: string): Client | undefined {
    return [...this.clients.values()].find(({ address }) => label.endsWith(`:${address.port}`))
  }

  connect(number: number, call: Call, beginning: Beginning): void {
    const address = { host: `10.0.0.${number + 1}`, port: 50_000 + number }
    const far = this.kernel.connectFrom(address, addressOf(call.listener))
    if (far === undefined) return
    const client = new Client(number, call, address, far, beginning, this.serverSides)
    this.clients.set(client.name, client)
  }

  /** Gives an operator's order and does not wait for its end. */
  order(kind: Done, order: () => Promise<unknown>): void {
    this.done.add(kind)
    this.#orders.push(order().catch(() => {}))
  }

  /** An order that the proxy refuses changes nothing. */
  hold(order: HoldOrder): void {
    this.order('hold', async () => {
      this.proxy.holds.hold(order)
      this.holds.began(order)
    })
  }

  release(cluster: string): void {
    this.order('release', async () => {
      if (this.holds.isHeld(cluster)) this.holds.ended(cluster)
      this.proxy.holds.release(cluster)
    })
  }

  allOrders(): Promise<unknown> {
    return Promise.all(this.#orders)
  }

  /** One turn of the event loop: timers, events, immediates. Returns whether the kernel reported anything. */
  turn(): boolean {
    this.clock.runTimers()
    const hasReported = this.#played.collect()
    this.clock.runImmediates()
    this.#played.endTurn()
    this.#noteLeads()
    return hasReported
  }

  /** One turn in a restless world: peers say and take some bytes, and a little time passes. */
  restlessTurn(random: Random): void {
    this.clock.now += random.int(0, 4) / 4
    for (const peer of this.#peers()) if (random.chance(0.7)) peer.pump(random.size(1 << 20))
    this.kernel.network.stir(random)
    this.names.stir(random)
    this.turn()
  }

  /** Lets `ms` pass in which nothing happens. Before that, everything on its way arrives, and the loop handles it. */
  wait(ms: number, random: Random): void {
    for (let turns = 0; turns < MOST_TURNS; turns++) {
      const hasMoved = this.kernel.network.bringAll()
      if (!hasMoved && !this.#isBusy) break
      this.turn()
    }
    this.clock.now += ms
    this.restlessTurn(random)
  }

  /** Ends all shortages and lets every peer take what there is, until nothing more comes by itself. */
  rest(): void {
    this.kernel.isRestless = false
    Object.assign(this.kernel.shortage, NO_SHORTAGE)
    for (const peer of this.#peers()) peer.isPaused = false
    this.#pass(QUIET_MS)
    this.kernel.isRestless = true
  }

  /** Lets `ms` pass, or less once `isDone` is true. */
  passUntil(ms: number, isDone: () => boolean): void {
    this.kernel.isRestless = false
    const end = this.clock.now + ms
    while (this.clock.now < end && !isDone()) this.#pass(QUIET_MS, end)
    this.kernel.isRestless = true
  }

  #pass(quietMs: number, end = Number.POSITIVE_INFINITY): void {
    let quietSince = this.clock.now
    for (let turns = 0; turns < MOST_TURNS; turns++) {
      const hasMoved = this.#pumpAll()
      const hasReported = this.turn()
      if (hasMoved || hasReported || this.#isBusy) quietSince = this.clock.now
      else if (this.clock.now - quietSince >= quietMs || this.clock.now >= end) return
      else this.clock.now = Math.min(this.clock.nextAt ?? Number.POSITIVE_INFINITY, quietSince + quietMs)
    }
    throw new Violation('the event loop comes to rest', `not in ${MOST_TURNS} turns`)
  }

  /** Whether the loop has something to do at once. */
  get #isBusy(): boolean {
    return this.kernel.epoll.isReady || this.clock.hasImmediates || this.#played.hasWork
  }

  #pumpAll(): boolean {
    let hasMoved = this.kernel.network.bringAll()
    hasMoved = this.names.answerAll() || hasMoved
    for (const peer of this.#peers()) hasMoved = peer.pump(ALL) || hasMoved
    return hasMoved
  }

  #peers(): readonly (Client | ServerSide)[] {
    return [...this.clients.values(), ...this.serverSides.values()]
  }

  #noteLeads(): void {
    for (const client of this.clients.values()) {
      if (client.isLeadArrived) client.leadArrivedAt ??= this.clock.now
    }
  }

  #serverAt({ host, port, cluster }: (typeof BACKENDS)[number]): BackendServer {
    const server = new BackendServer({ host, port }, cluster, {
      random: () => this.kernel.random,
      accept: (from, far) => this.#accept(from, far),
      dialled: () => this.holds.dial(cluster),
    })
    this.kernel.servers.set(`${host}:${port}`, server)
    return server
  }

  #accept(server: BackendServer, far: FarEnd): ServerSide {
    const side = new ServerSide(this.serverSides.size, server, far, this.clients)
    this.serverSides.set(side.name, side)
    return side
  }

  #log(options: LogOptions): OpenLog {
    const record: WriteRecord = (_, facts, ending, tally) => {
      tally.written++
      if (ending !== undefined) this.records.push({ facts, ending, at: this.clock.now })
      return true
    }
    return simulatedLog(options, record, (complaint) => this.complaints.push(complaint))
  }
}
