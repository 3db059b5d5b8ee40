/** What a record says about the choice of its backend: the rule, the load, and why the others were skipped. */
import { beforeEach, expect, it } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.js'
import type { DialRequest } from '../../src/cluster/dial.js'
import { type Choice, Explanation, MOST_NAMED } from '../../src/cluster/explanation.js'
import type { ClusterOptions } from '../../src/cluster/options.js'
import { A, B, BALANCED, C, clusterOf, engine, turn, useScriptedClusters } from './cluster-rig.js'
import { requestOf } from './requests.js'
import { verdictOf } from './verdict-of.js'

useScriptedClusters()

const D = '10.0.0.4:80'
const ALL = [A, B, C, D]

/** No connect ends before the test says so. */
beforeEach(() => {
  for (const address of ALL) engine.outcomes.set(address, 'never')
})

/** The connect under way fails. */
async function fail(): Promise<void> {
  engine.settle(engine.dialled.at(-1)!, 'ECONNREFUSED')
  await turn()
}

/** Asks for a connection, and answers what the choice of the first backend was. */
function choiceOf(cluster: Cluster, more: Partial<DialRequest> = {}): Choice {
  const explanation = new Explanation()
  cluster.dial({ ...requestOf(1000), ...more, explanation }, () => {})
  return explanation.choice!
}

const tiered = (...tiers: number[]): Partial<ClusterOptions> => ({
  backends: ALL.slice(0, tiers.length).map((text, index) => ({
    address: { kind: 'tcp', host: text.slice(0, -3), port: 80 },
    weight: 1,
    tier: tiers[index]!,
  })),
})

const told = (choice: Choice): unknown => JSON.parse(JSON.stringify(choice))

it('a choice names the rule, the tier, the candidates, and the load before the connection', async () => {
  const cluster = clusterOf([A], {}, { balance: 'least-connections' })
  expect(told(choiceOf(cluster))).toEqual({
    rule: 'least-connections',
    tier: 0,
    candidates: 1,
    open: 0,
    weight: 1,
    skipped: [],
    skippedInAll: 0,
  })
  expect(choiceOf(cluster)).toMatchObject({ open: 1 })
})

it('a choice says why each of the others was skipped', async () => {
  const cluster = clusterOf(ALL, {}, { balance: 'first' })
  cluster.backend(B)!.set(1, 'drain')
  cluster.backend(C)!.set(0, 'up')
  cluster.checked(D, verdictOf(false, { reason: 'L4TOUT' }))
  expect(told(choiceOf(cluster))).toMatchObject({
    candidates: 1,
    skipped: [
      { backend: B, why: 'drain' },
      { backend: C, why: 'weight' },
      { backend: D, why: 'down', judgedBy: 'check', reason: 'L4TOUT' },
    ],
    skippedInAll: 3,
  })
})

it('a choice says that the agent of a backend has taken it out', async () => {
  const cluster = clusterOf([A, B], {}, { balance: 'first' })
  const nothing = {
    isUp: undefined,
    weightPercent: undefined,
    maxConnections: undefined,
    reason: undefined,
  }
  cluster.agentSaid(A, { ...nothing, admin: 'drain' })
  expect(choiceOf(cluster).skipped).toMatchObject([
    { backend: A, why: 'drain', judgedBy: 'agent', reason: 'AGENT' },
  ])
})

it('after a failed connect the choice names the backend that failed and its error', async () => {
  const cluster = clusterOf([A, B], {}, { balance: 'first' })
  const explanation = new Explanation()
  cluster.dial({ ...requestOf(1000), explanation }, () => {})
  await fail()
  expect(told(explanation.choice!)).toMatchObject({
    candidates: 1,
    open: 0,
    skipped: [{ backend: A, why: 'failed', errno: 'ECONNREFUSED' }],
  })
})

it('a choice names the backends of other tiers last', () => {
  const cluster = clusterOf([], {}, { balance: 'first', ...tiered(0, 1, 1, 0) })
  cluster.backend(D)!.set(1, 'maint')
  expect(told(choiceOf(cluster))).toMatchObject({
    tier: 0,
    candidates: 1,
    skipped: [
      { backend: D, why: 'maint' },
      { backend: B, why: 'tier' },
      { backend: C, why: 'tier' },
    ],
  })
})

it('the choice of a connection that gets no backend has no tier, and says what is wrong', () => {
  const cluster = clusterOf([A, 'db.test:80'])
  cluster.backend(A)!.set(1, 'maint')
  expect(told(choiceOf(cluster))).toEqual({
    rule: 'round-robin',
    candidates: 0,
    skipped: [
      { backend: A, why: 'maint' },
      { backend: 'db.test:80', why: 'unresolved' },
    ],
    skippedInAll: 2,
  })
})

it('a choice names only some of many backends, and counts all', () => {
  const backends = Array.from({ length: 1001 }, (_, index) => ({
    address: { kind: 'tcp', host: `10.1.${index >> 8}.${index & 255}`, port: 80 } as const,
    weight: 1,
    tier: index % 2,
  }))
  const cluster = clusterOf([], {}, { backends })
  for (const { name } of cluster.backends.slice(1)) cluster.backend(name)!.set(1, 'drain')
  for (const { name } of cluster.backends.slice(-100)) cluster.backend(name)!.set(1, 'up')
  const choice = choiceOf(cluster)
  expect(choice).toMatchObject({ tier: 0, candidates: 51, skippedInAll: 950 })
  expect(choice.skipped).toHaveLength(MOST_NAMED)
  expect(JSON.stringify(choice).length).toBeLessThan(2000)
})

it('the choice of p2c has both backends that were compared', () => {
  const cluster = clusterOf([A, B], {}, { balance: 'p2c' })
  const { drawn } = choiceOf(cluster)
  expect(drawn?.map(({ backend }) => backend).sort()).toEqual([A, B])
  expect(drawn?.every(({ open, weight }) => open === 0 && weight === 1)).toBe(true)
})

it.each(['rendezvous', 'maglev'] as const)(
  'the choice of a hash says the place in the order of the key, which retries follow: %s',
  async (table) => {
    const hash = { key: { from: 'sni' }, table, boundedLoad: 0 } as const
    const cluster = clusterOf([A, B, C], {}, { balance: 'hash', hash })
    expect(choiceOf(cluster)).toMatchObject({ hasKey: false, place: undefined })
    const explanation = new Explanation()
    cluster.dial({ ...requestOf(1000), serverName: 'a.test', explanation }, () => {})
    const places: unknown[] = []
    for (const _ of [A, B, C]) {
      places.push(explanation.choice?.place)
      await fail()
    }
    expect(places).toEqual([1, 2, 3])
    expect(explanation.choice).toMatchObject({ hasKey: true, tier: undefined, candidates: 0 })
  },
)

it('the choice of a hash with a bound counts the backends that are full', () => {
  const hash = { key: { from: 'sni' }, table: 'rendezvous', boundedLoad: 1.5 } as const
  const cluster = clusterOf([A, B, C], {}, { balance: 'hash', hash })
  const places = Array.from({ length: 4 }, () => choiceOf(cluster, { serverName: 'a.test' }))
  expect(places.map(({ place, full }) => [place, full])).toEqual([
    [1, 0],
    [2, 1],
    [1, 0],
    [2, 1],
  ])
})

it('a choice says how long a backend is skipped whose connects failed', async () => {
  const cluster = clusterOf([A, B], {}, { balance: 'first' })
  cluster.dial(requestOf(1000), () => {})
  await fail()
  expect(choiceOf(cluster).skipped).toMatchObject([
    { backend: A, why: 'ejected', judgedBy: 'connects', reason: 'L4CON', restingMs: expect.any(Number) },
  ])
})

it('a choice says that a backend is skipped because it changes too often', () => {
  const flapping = { changes: 2, withinMs: 60_000, maxForMs: 30_000 }
  const health = { ...BALANCED.health, flapping }
  const cluster = clusterOf([A, B], {}, { balance: 'first', health })
  for (const isUp of [false, true, false, true]) cluster.checked(A, verdictOf(isUp))
  expect(choiceOf(cluster).skipped).toMatchObject([{ backend: A, why: 'flapping', restingMs: 30_000 }])
})
