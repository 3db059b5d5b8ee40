/** Stories of clients, backends and operators, played on a cluster and checked after each step. */
import * as fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { Backend } from '../../../src/cluster/backend.js'
import type { Cluster } from '../../../src/cluster/cluster.js'
import type { ClusterOptions } from '../../../src/cluster/options.js'
import {
  A,
  B,
  BALANCED,
  backendsOf,
  C,
  clusterOf,
  engine,
  LIMITS,
  QUICK,
  turn,
  useScriptedClusters,
} from '../cluster-rig.js'
import { verdictOf } from '../verdict-of.js'
import { Clients, type QueuedClient } from './queue-rig.js'

useScriptedClusters()

const ADDRESSES = [A, B, C]
const address = fc.constantFrom(...ADDRESSES)
const STEPS = {
  comes: { source: fc.constantFrom('a', 'b', 'c') },
  ends: { index: fc.nat(10) },
  leaves: { index: fc.nat(10) },
  refuses: { address },
  hangs: { address },
  works: { address },
  down: { address },
  up: { address },
  drain: { address },
  undrain: { address },
  reload: {
    limits: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 3 }),
    queueLength: fc.integer({ min: 0, max: 5 }),
  },
  hold: {},
  release: {},
  time: { ms: fc.integer({ min: 1, max: 700 }) },
}
type Kind = keyof typeof STEPS
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant<Kind>('comes'), ...STEPS.comes }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant<Kind>('ends'), ...STEPS.ends }) },
  ...(Object.keys(STEPS) as Kind[])
    .slice(2)
    .map((kind) => ({ weight: 1, arbitrary: fc.record({ kind: fc.constant(kind), ...STEPS[kind] }) })),
)
interface Step {
  kind: Kind
  source?: string
  index?: number
  address?: string
  limits?: number[]
  queueLength?: number
  ms?: number
}

class Story {
  readonly clients: Clients
  readonly #cluster: Cluster
  readonly #rule: Pick<ClusterOptions, 'balance' | 'hash'>
  #limits = [1, 2, 1]
  #queueLength = 5
  /** Those whose refusal was checked. */
  readonly #refused = new Set<QueuedClient>()
  #number = 0
  /** Clients that have tried a backend in vain do not wait for that one. */
  #hasFailed = false
  /** Whether the cluster was held at the last check. */
  #wasHeld = false
  readonly #served = new Set<QueuedClient>()
  readonly #gone = new Set<QueuedClient>()

  constructor(rule: Pick<ClusterOptions, 'balance' | 'hash'>) {
    this.#rule = rule
    this.#cluster = clusterOf([], {}, this.#options())
    this.clients = new Clients(this.#cluster)
  }

  #options(): ClusterOptions {
    const backends = ADDRESSES.flatMap((each, index) => backendsOf([each], this.#limits[index]))
    const health = { ...QUICK, eject: false } as const
    return {
      ...BALANCED,
      ...this.#rule,
      health,
      backends,
      limits: { ...LIMITS, queueLength: this.#queueLength },
    }
  }

  play({ kind, source, index = 0, address: at = A, limits, queueLength = 0, ms = 0 }: Step): void {
    const cluster = this.#cluster
    const backend = cluster.backend(at)!
    const waiting = this.waiting
    const connected = [...this.#served].filter((each) => !this.#gone.has(each))
    if (kind === 'comes') this.clients.come(`${source}${++this.#number}`)
    else if (kind === 'ends') this.#end(connected[index])
    else if (kind === 'leaves') this.#leave(waiting[index])
    else if (kind === 'refuses') this.#refuses(at)
    else if (kind === 'hangs') engine.outcomes.set(at, 'never')
    else if (kind === 'works') this.#works(at)
    else if (kind === 'down' || kind === 'up') cluster.checked(at, verdictOf(kind === 'up'))
    else if (kind === 'drain') cluster.set(backend, 1, 'drain')
    else if (kind === 'undrain') cluster.set(backend, 1, 'up')
    else if (kind === 'hold') cluster.queue.hold(2000)
    else if (kind === 'release') cluster.queue.release()
    else if (kind === 'time') vi.advanceTimersByTime(ms)
    else {
      this.#limits = limits!
      this.#queueLength = queueLength
      cluster.update(this.#options())
    }
  }

  /** Those who have no answer yet and have not left. */
  get waiting(): QueuedClient[] {
    return this.clients.all.filter((each) => each.result === undefined && !this.#gone.has(each))
  }

  check(): void {
    const { backends, queue } = this.#cluster
    const servedBefore = this.#served.size
    for (const client of this.clients.all) if (client.result?.socket !== undefined) this.#served.add(client)
    if (this.#wasHeld && queue.heldMs !== undefined) expect(this.#served.size).toBe(servedBefore)
    this.#wasHeld = queue.heldMs !== undefined
    const queued = this.waiting.filter(({ dialling }) => dialling.isQueued)
    expect(queue.length).toBe(queued.length)
    for (const { name, isFull, maxConnections, active, dialling } of backends) {
      const its = [...this.#served].filter((each) => !this.#gone.has(each) && each.backend.name === name)
      expect(active).toBe(its.length)
      expect(isFull).toBe(maxConnections > 0 && active + dialling >= maxConnections)
    }
    if (queue.heldMs === undefined) this.#checkRoom(queued.length)
    this.#checkRefused(queued)
  }

  /** Whoever has no room in the queue is of a source that has its share of it. */
  #checkRefused(queued: readonly QueuedClient[]): void {
    const waitingOf = (source: string): number => queued.filter(({ name }) => name[0] === source).length
    const most = Math.max(...['a', 'b', 'c'].map(waitingOf))
    for (const client of this.clients.all) {
      if (client.result?.error !== 'QUEUE_FULL' || this.#refused.has(client)) continue
      this.#refused.add(client)
      expect(this.#queueLength).toBeGreaterThan(0)
      expect(waitingOf(client.name[0]!)).toBeGreaterThanOrEqual(most - 1)
    }
  }

  /** Nobody waits while a place is free. */
  #checkRoom(queued: number): void {
    const waitingFor = this.#cluster.queue.waitingFor()
    const hasRoom = ({ isFull, isEnabled, health }: Backend): boolean =>
      !isFull && isEnabled && !health.active.isDown
    const free = this.#cluster.backends.filter(hasRoom)
    expect(free.filter((backend) => waitingFor.has(backend))).toEqual([])
    const forAny = queued - [...waitingFor.values()].reduce((sum, count) => sum + count, 0)
    if (forAny > 0 && !this.#hasFailed) expect(free).toEqual([])
  }

  #refuses(at: string): void {
    this.#hasFailed = true
    engine.outcomes.set(at, 'ECONNREFUSED')
    engine.settle(at, 'ECONNREFUSED')
  }

  #end(client: QueuedClient | undefined): void {
    if (client === undefined) return
    this.#gone.add(client)
    client.end()
  }

  #leave(client: QueuedClient | undefined): void {
    if (client === undefined) return
    this.#gone.add(client)
    client.dialling.cancel()
  }

  #works(at: string): void {
    engine.outcomes.set(at, '')
    engine.settle(at, '')
  }
}

const RULES = {
  'least-connections': { balance: 'least-connections', hash: undefined },
  hash: {
    balance: 'hash',
    hash: { key: { from: 'source', ipv4Bits: 32, ipv6Bits: 128 }, table: 'rendezvous', boundedLoad: 0 },
  },
} as const

test.each(Object.entries(RULES))(
  'with balance: %s nobody waits while a place is free, no backend has too many, and no source keeps others out of the queue, whatever happens',
  async (_, rule) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
        const story = new Story(rule)
        for (const each of steps) {
          story.play(each as Step)
          await turn()
          story.check()
        }
        // In the end everybody has an answer: a place, or an error.
        story.play({ kind: 'release' })
        for (const at of ADDRESSES) story.play({ kind: 'works', address: at })
        for (const _ of ADDRESSES) {
          vi.advanceTimersByTime(3000)
          await turn()
        }
        expect(story.waiting).toEqual([])
      }),
      { numRuns: 150 },
    )
  },
)
