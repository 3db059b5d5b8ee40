/** Connections that are there while configs with other limits are prepared, given up and taken up, in two workers. */
import * as fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type PeerAddress, packPeer } from '../../src/address.js'
import type { Config } from '../../src/config/schema.js'
import { validateConfig } from '../../src/config/validate.js'
import type { Connection } from '../../src/connection/connection.js'
import type { CountedClient } from '../../src/connection/opening/admit.js'
import { Claim } from '../../src/limits/claim.js'
import { OwnCountsTable } from '../../src/limits/counts/own-counts.js'
import { groupFor, Limiter } from '../../src/limits/limiter.js'
import { LimitPlans } from '../../src/proxy/limit-plans.js'
import { Recount } from '../../src/proxy/recount.js'
import { until } from '../support/wait.js'

const MANY = 1000

function configWith(process: object | undefined, cluster: object | undefined, listeners = ['front']): Config {
  return validateConfig({
    ...(process && { limits: process }),
    listeners: listeners.map((name) => ({ name, address: `unix:/run/${name}.sock`, cluster: 'back' })),
    clusters: { back: { backends: ['127.0.0.1:2'], ...(cluster && { limits: cluster }) } },
  })
}

const CONFIGS = [
  configWith(undefined, undefined),
  configWith({ maxConnections: MANY, perSource: { maxConnections: MANY } }, undefined),
  configWith({ perSource: { maxConnections: MANY, prefix4: 24 } }, { maxConnections: MANY }),
  configWith({ perSource: { bytesPerDay: '1GiB' } }, { perSource: { maxConnections: MANY } }),
  configWith(
    { maxConnections: MANY, dryRun: true, perSource: { maxConnections: MANY } },
    { newPerSecond: MANY },
  ),
]
const CLIENTS: readonly CountedClient[] = [
  packPeer(0x0a000001, 1),
  packPeer(0x0a000002, 1),
  packPeer(0x0a000101, 1),
  { kind: 'unix', path: '/run/client' },
  'exempt',
]

/** What a recount reads of a connection. */
interface Counted {
  sweepIndex: number
  service: { name: string }
  cluster: string
  claim: Claim | undefined
  hasEntered: boolean
  isRefused: boolean
  countedClient: CountedClient
}

class Worker {
  readonly #limiter: Limiter
  readonly recount: Recount
  readonly connections: Counted[] = []
  #plans: LimitPlans

  constructor(table: OwnCountsTable, index: number, config: Config) {
    this.#limiter = new Limiter(table.view(index), { wouldRefuse: () => {} })
    this.recount = new Recount(config, this.#limiter, () => [...this.connections] as unknown as Connection[])
    this.#plans = new LimitPlans(config)
  }

  comes(client: CountedClient): void {
    const service = { name: 'front' }
    const cluster = 'back'
    const connection = {
      sweepIndex: 0,
      service,
      cluster,
      claim: undefined,
      hasEntered: false,
      isRefused: false,
    }
    this.connections.push({ ...connection, countedClient: client })
    this.#take(this.connections.at(-1)!, false)
  }

  enters(connection: Counted | undefined): void {
    if (connection === undefined || connection.hasEntered) return
    this.#take(connection, true)
    connection.hasEntered = true
  }

  ends(connection: Counted | undefined): void {
    if (connection === undefined) return
    this.connections.splice(this.connections.indexOf(connection), 1)
    connection.sweepIndex = -1
    if (connection.claim !== undefined) this.#limiter.leave(connection.claim)
  }

  takeUp(config: Config): void {
    this.recount.takeUp()
    this.#plans = new LimitPlans(config)
  }

  #take(connection: Counted, isEntering: boolean): void {
    const plan = isEntering ? this.#plans.ofCluster('back') : this.#plans.ofListener('front')
    const client = connection.countedClient
    connection.claim ??= new Claim()
    const group = plan && (client === 'exempt' ? plan.scopes : groupFor(plan, client))
    const address: PeerAddress = client === 'exempt' ? undefined : client
    if (group !== undefined) expect(this.#limiter.take(group, address, connection.claim)).toBeUndefined()
    this.recount.counted(connection as unknown as Connection, isEntering)
  }
}

class Story {
  readonly #table = new OwnCountsTable({ sources: 100, processes: 2 })
  #present = CONFIGS[0]!
  #next: Config | undefined
  readonly workers = [0, 1].map((index) => new Worker(this.#table, index, this.#present))
  /** Those that have prepared the next config. */
  readonly #prepared = new Set<Worker>()

  async prepare(config: Config): Promise<void> {
    if (this.#next !== undefined) return
    this.#next = config
    for (const worker of this.workers) this.#prepared.add(worker)
    await Promise.all(this.workers.map(({ recount }) => recount.prepare(config)))
  }

  giveUp(): void {
    for (const { recount } of this.#prepared) recount.giveUp()
    this.#prepared.clear()
    this.#next = undefined
  }

  async takeUp(): Promise<void> {
    const config = this.#next
    if (config === undefined) return
    for (const worker of this.workers) {
      if (!this.#prepared.has(worker)) await worker.recount.prepare(config)
      worker.takeUp(config)
    }
    this.#prepared.clear()
    this.#present = config
    this.#next = undefined
  }

  /** Another worker takes its place. It has the config that holds. */
  dies(index: number): void {
    this.#prepared.delete(this.workers[index]!)
    this.#table.reclaim(index)
    this.workers[index] = new Worker(this.#table, index, this.#present)
  }

  check(): void {
    const held = new Map<number, number>()
    for (const worker of this.workers) {
      const configs = this.#prepared.has(worker) ? [this.#present, this.#next!] : [this.#present]
      for (const connection of worker.connections) {
        expect(connection.claim!.entries).toHaveLength(connection.claim!.limits.length)
        for (const entry of connection.claim!.entries) held.set(entry, (held.get(entry) ?? 0) + 1)
        const keys = connection.claim!.limits.map(({ key }) => key)
        expect(keys).toEqual([...new Set(keys)])
        expect(keys.toSorted()).toEqual(keysFor(connection, configs))
      }
    }
    const all = [...held.values()].reduce((sum, count) => sum + count, 0)
    expect(this.#heldInTable()).toBe(all)
  }

  #heldInTable(): number {
    const view = this.#table.view(0)
    const scopes = ['process', 'cluster/back']
    const ofSources = scopes.flatMap((scope) => Array.from(view.sources(scope), ({ held }) => held))
    return [...scopes.map((scope) => view.held({ scope })), ...ofSources].reduce((sum, held) => sum + held, 0)
  }
}

/** The keys of the limits in which a connection holds places if there are places for all. */
function keysFor({ countedClient: client, hasEntered }: Counted, configs: readonly Config[]): string[] {
  const isSource = typeof client === 'number'
  const limits = configs.flatMap((config) => {
    const plans = new LimitPlans(config)
    const ofCluster = hasEntered ? (plans.ofCluster('back')?.all.list ?? []) : []
    return [...(plans.ofListener('front')?.all.list ?? []), ...ofCluster]
  })
  const keys = limits.filter(({ perSource }) => perSource === undefined || isSource).map(({ key }) => key)
  return [...new Set(keys)].sort()
}

const step = fc.record({
  kind: fc.constantFrom('comes', 'comes', 'enters', 'ends', 'prepare', 'takeUp', 'giveUp', 'dies'),
  worker: fc.nat(1),
  index: fc.nat(4),
})

test('every connection holds its place in each limit, and no place is lost, however often limits change and whoever dies', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const story = new Story()
      for (const { kind, worker, index } of steps) {
        const its = story.workers[worker]!
        const connection = its.connections[index]
        if (kind === 'comes') its.comes(CLIENTS[index]!)
        else if (kind === 'enters') its.enters(connection)
        else if (kind === 'ends') its.ends(connection)
        else if (kind === 'prepare') await story.prepare(CONFIGS[index]!)
        else if (kind === 'takeUp') await story.takeUp()
        else if (kind === 'giveUp') story.giveUp()
        else story.dies(worker)
        story.check()
      }
    }),
    { numRuns: 300 },
  )
})

test('the places of a limit that is gone are given back in parts, and a config that has it again counts each connection once', async () => {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 3))
  onTestFinished(() => void vi.restoreAllMocks())
  const table = new OwnCountsTable({ sources: 1 })
  const held = (): number => table.view(0).held({ scope: 'process' })
  const [none, limited] = [configWith(undefined, undefined), configWith({ maxConnections: MANY }, undefined)]
  const worker = new Worker(table, 0, limited)
  for (let count = 0; count < 200; count++) worker.comes(undefined)
  await worker.recount.prepare(none)
  worker.takeUp(none)
  expect(held()).toBe(200 - 64)
  await worker.recount.prepare(limited)
  expect(held()).toBe(200)
  worker.recount.giveUp()
  worker.ends(worker.connections[199])
  await until(() => held() === 0)
})

test('a listener that only the next config has gives its clients the limits of that config, and the others keep theirs', async () => {
  const [before, after] = [
    configWith({ maxConnections: 1 }, undefined),
    configWith({ maxConnections: 2 }, undefined, ['new']),
  ]
  const limiter = new Limiter(new OwnCountsTable({ sources: 1 }).view(0), { wouldRefuse: () => {} })
  const recount = new Recount(before, limiter, () => [])
  const mostOf = (name: string): number => recount.planOfListener(name)!.all.list[0]!.want.most
  await recount.prepare(after)
  expect([mostOf('front'), mostOf('new'), mostOf('gone')]).toEqual([1, 2, 1])
  recount.giveUp()
  expect(mostOf('new')).toBe(1)
})
