/** What follows in a cluster from the health of its backends: limits, holds, tiers, and who is told. */
import { expect, test, vi } from 'vitest'
import type { Cluster, ClusterHooks } from '../../src/cluster/cluster.js'
import { RESET, SILENT } from '../../src/cluster/health/ejections.js'
import type { HealthPolicy } from '../../src/cluster/health/policy.js'
import { USUAL_HEALTH } from '../../src/config/schemas/health-schema.js'
import {
  A,
  B,
  C,
  clusterOf,
  dial,
  engine,
  outcomeNow,
  QUICK,
  states,
  turn,
  useScriptedClusters,
} from './cluster-rig.js'
import { verdictOf } from './verdict-of.js'

useScriptedClusters()

const told: unknown[] = []
const hooks: ClusterHooks = {
  onBackendDown: ({ name }, restMs, isActive) => told.push(['down', name, restMs, isActive]),
  onBackendUp: ({ name }) => told.push(['up', name]),
  onBackendFlapping: ({ name }, holdMs) => told.push(['flapping', name, holdMs]),
  onCalledDown: ({ name }) => told.push(['called down', name]),
  onPassiveVerdict: ({ name }, verdict) => told.push(['passive', name, verdict?.restMs]),
  onMoved: ({ tier }) => told.push(['moved', tier]),
}

function start(addresses: readonly string[], health: Partial<HealthPolicy>): Cluster {
  told.length = 0
  return clusterOf(addresses, hooks, { health: { ...USUAL_HEALTH, ...health } })
}

const eject = { failures: 1, forMs: 1000, maxForMs: 30_000, maxPercent: undefined }
let checks = 0
const say = (
  cluster: Cluster,
  name: string,
  isUp: boolean,
  reason = isUp ? 'L4OK' : 'L4CON',
  passedAgoMs = 0,
): void => {
  checks += 1
  cluster.checked(name, verdictOf(isUp, { reason, checks, passedAgoMs }))
}

test('of two backends that fail only one is skipped, and both are down', async () => {
  const cluster = start([A, B], { eject })
  engine.outcomes.set(A, 'ECONNREFUSED').set(B, 'ECONNREFUSED')
  await dial(cluster)
  expect(states(cluster)).toEqual(['down', 'down'])
  expect(cluster.status().backends.map(({ restingMs }) => restingMs)).toEqual([1000, 0])
  expect(told).toEqual([
    ['down', A, 1000, false],
    ['passive', A, 1000],
    ['down', B, 0, false],
    ['passive', B, 0],
  ])
})

test('a backend that nobody would get does not make another one spare, nor use up what may be ejected', async () => {
  const cluster = start([A, B, C], { eject })
  engine.outcomes.set(A, 'ECONNREFUSED').set(B, 'ECONNREFUSED')
  cluster.set(cluster.backend(C)!, 1, 'drain')
  await dial(cluster)
  expect(cluster.status().backends.map(({ restingMs }) => restingMs)).toEqual([1000, 0, 0])
  cluster.set(cluster.backend(A)!, 1, 'maint')
  cluster.set(cluster.backend(C)!, 1, 'up')
  for (let times = 0; times < 2; ++times) await dial(cluster)
  expect(cluster.status().backends[1]!.restingMs).toBe(1000)
})

test('the last backend of a cluster that others have left is not skipped', async () => {
  const cluster = start([A, B], { eject, whenAllDown: 'refuse' })
  cluster.set(cluster.backend(B)!, 1, 'drain')
  engine.outcomes.set(A, 'ECONNREFUSED')
  await dial(cluster)
  engine.outcomes.clear()
  expect(await dial(cluster)).toMatchObject({ backend: { name: A } })
})

test('a check that only connects does not begin a new row of connections without an answer', () => {
  const cluster = start([A, B], { eject: { ...eject, failures: 3 } })
  for (let times = 0; times < 3; ++times) {
    say(cluster, A, true, 'L4OK')
    cluster.judge.unanswered(cluster.backend(A)!, SILENT)
  }
  expect(states(cluster)).toEqual(['down', 'up'])
})

test('a backend that fails again after its ejection is skipped again, although only one may be', async () => {
  const cluster = start([A, B], { eject })
  engine.outcomes.set(A, 'ECONNREFUSED')
  for (const restMs of [1000, 2000, 3000]) {
    for (let times = 0; times < 3; ++times) await dial(cluster)
    expect(cluster.status().backends[0]).toMatchObject({ restingMs: restMs })
    vi.advanceTimersByTime(restMs)
  }
})

test('a connect that succeeds after an ejection is told, and one that always succeeded is not', async () => {
  const cluster = start([A, B], { eject })
  await dial(cluster)
  expect(told).toEqual([])
  engine.outcomes.set(B, 'ECONNREFUSED')
  await dial(cluster)
  engine.outcomes.clear()
  vi.advanceTimersByTime(1000)
  for (let times = 0; times < 2; ++times) await dial(cluster)
  expect(told.slice(2)).toEqual([
    ['up', B],
    ['passive', B, undefined],
  ])
})

test('a lone backend is down when its connects fail, and is tried all the same with whenAllDown: refuse', async () => {
  const cluster = start([A], { eject, whenAllDown: 'refuse' })
  engine.outcomes.set(A, 'ECONNREFUSED')
  expect(await dial(cluster)).toMatchObject({ error: 'ECONNREFUSED' })
  expect(states(cluster)).toEqual(['down'])
  engine.outcomes.clear()
  expect(await dial(cluster)).toMatchObject({ backend: { name: A } })
  expect(states(cluster)).toEqual(['up'])
})

test('a check that passes ends an ejection by connects', async () => {
  const cluster = start([A, B], { eject })
  engine.outcomes.set(A, 'ECONNREFUSED')
  await dial(cluster)
  say(cluster, A, true)
  expect(cluster.status().backends[0]).toMatchObject({ state: 'up', restingMs: 0 })
})

test('a check that passed before the last failed connect or missing answer ends no ejection', async () => {
  const cluster = start([A, B, C], { eject: { ...eject, maxPercent: 100 } })
  engine.outcomes.set(A, 'ECONNREFUSED')
  await dial(cluster)
  cluster.judge.unanswered(cluster.backend(B)!, SILENT)
  const elsewhere = {
    judgedBy: 'connects',
    reason: 'L4CON',
    detail: undefined,
    restMs: 900,
    times: 1,
  } as const
  cluster.judge.told(cluster.backend(C)!, elsewhere)
  const pass = (): void => {
    for (const name of [A, B, C]) say(cluster, name, true, 'L7OK', 100)
  }
  pass()
  expect(states(cluster)).toEqual(['down', 'down', 'down'])
  vi.advanceTimersByTime(200)
  pass()
  expect(states(cluster)).toEqual(['up', 'up', 'up'])
})

test('only a check that reads an answer ends an ejection for want of answers', () => {
  const cluster = start([A, B], { eject })
  cluster.judge.unanswered(cluster.backend(A)!, SILENT)
  say(cluster, A, true, 'L4OK')
  expect(states(cluster)).toEqual(['down', 'up'])
  say(cluster, A, true, 'L7OK')
  expect(states(cluster)).toEqual(['up', 'up'])
})

test('a backend that flaps stays down until its hold is over, and is then up by itself', async () => {
  const cluster = start([A, B], {})
  for (const isUp of [false, true, false, true, false, true]) say(cluster, A, isUp)
  expect(told.filter((each) => Array.isArray(each) && each[0] !== 'called down')).toEqual([
    ['down', A, 0, true],
    ['up', A],
    ['down', A, 0, true],
    ['up', A],
    ['flapping', A, 30_000],
  ])
  expect(cluster.status().backends[0]).toMatchObject({ state: 'down', isFlapping: true, restingMs: 30_000 })
  for (let times = 0; times < 4; ++times) expect(await dial(cluster)).toMatchObject({ backend: { name: B } })
  vi.advanceTimersByTime(30_000)
  expect(told.at(-1)).toEqual(['up', A])
  expect(cluster.status().backends[0]).toMatchObject({ state: 'up', isFlapping: false })
})

test('of two backends that flap together one gets clients', async () => {
  const cluster = start([A, B], { whenAllDown: 'refuse' })
  for (const isUp of [false, true, false, true, false, true])
    for (const name of [A, B]) say(cluster, name, isUp)
  expect(states(cluster)).toEqual(['down', 'up'])
  expect(await dial(cluster)).toMatchObject({ backend: { name: B } })
})

test('a backend is called down once, however often its checks say so', () => {
  const cluster = start([A], {})
  for (let times = 0; times < 3; ++times) say(cluster, A, false)
  expect(told.filter((each) => Array.isArray(each) && each[0] === 'called down')).toHaveLength(1)
})

test('an ejection that another process tells keeps connections away, and its end brings them back', async () => {
  const cluster = start([A, B], { eject })
  const verdict = {
    judgedBy: 'connects',
    reason: 'L4CON',
    detail: undefined,
    restMs: 5000,
    times: 2,
  } as const
  cluster.judge.told(cluster.backend(A)!, verdict)
  for (let times = 0; times < 3; ++times) expect(await dial(cluster)).toMatchObject({ backend: { name: B } })
  expect(states(cluster)).toEqual(['down', 'up'])
  cluster.judge.told(cluster.backend(A)!, undefined)
  expect(states(cluster)).toEqual(['up', 'up'])
  // The other process has logged it, and must not be told of it again.
  expect(told).toEqual([])
})

test('a cluster with whenAllDown: wait dials an ejected backend as soon as its time is over', async () => {
  const cluster = start([A, B], { ...QUICK, whenAllDown: 'wait' })
  engine.outcomes.set(A, 'ECONNREFUSED').set(B, 'ECONNREFUSED')
  const waiting = dial(cluster, 60_000)
  await turn()
  engine.outcomes.clear()
  expect(await outcomeNow(cluster)).toBeUndefined()
  vi.advanceTimersByTime(1000)
  expect((await waiting).error).toBeUndefined()
})

test('a client that waits for a backend that works gives up after connectMs', async () => {
  const cluster = start([A, B], { ...QUICK, whenAllDown: 'wait' })
  engine.outcomes.set(A, 'ECONNREFUSED').set(B, 'ECONNREFUSED')
  const waiting = dial(cluster, 5000)
  for (let second = 0; second < 6; ++second) {
    await turn()
    vi.advanceTimersByTime(1000)
  }
  expect(await waiting).toMatchObject({ error: expect.stringMatching(/^(ECONNREFUSED|ALL_DOWN)$/) })
})

test('with failback: manual an operator sends a cluster back, whose earlier failures do not count then', async () => {
  const cluster = start([A], { eject, failback: 'manual' })
  cluster.update({
    ...{ balance: 'round-robin', hash: undefined, slowStartMs: 0 },
    health: { ...USUAL_HEALTH, eject, failback: 'manual' },
    backends: [A, B, C].map((text, tier) => ({
      address: { kind: 'tcp', host: text.split(':')[0]!, port: 80 },
      weight: 1,
      tier,
    })),
  })
  engine.outcomes.set(A, 'ECONNREFUSED')
  expect(await dial(cluster)).toMatchObject({ backend: { name: B } })
  engine.outcomes.clear()
  vi.advanceTimersByTime(60_000)
  expect(await dial(cluster)).toMatchObject({ backend: { name: B } })
  expect(cluster.servingTier).toBe(1)
  cluster.judge.failback()
  expect(cluster.servingTier).toBe(0)
  expect(await dial(cluster)).toMatchObject({ backend: { name: A } })
  expect(told.filter((each) => Array.isArray(each) && each[0] === 'moved')).toEqual([['moved', 1]])
})

test('with failback: manual missing answers do not move a cluster, and failed connects do', async () => {
  const cluster = pair()
  cluster.judge.unanswered(cluster.backend(A)!, RESET)
  expect([states(cluster), cluster.servingTier]).toEqual([['down', 'up'], 0])
  expect(await dial(cluster)).toMatchObject({ backend: { name: A } })
  engine.outcomes.set(A, 'ECONNREFUSED')
  await dial(cluster)
  expect(cluster.servingTier).toBe(1)
})

test('a cluster that another process moves to a tier that does not work here stays there, and proposes nothing', () => {
  const cluster = pair()
  say(cluster, B, false)
  told.length = 0
  cluster.judge.follow({ tier: 1, version: 1, isFailback: false })
  expect([cluster.servingTier, told]).toEqual([1, []])
})

test('two processes that see different backends fail agree on a tier, and then say no more', async () => {
  const queue: (() => void)[] = []
  const clusters: Cluster[] = []
  const tell = (from: number, act: (cluster: Cluster) => void) => {
    for (const [index, each] of clusters.entries()) if (index !== from) queue.push(() => act(each))
  }
  let version = 0
  const create = (index: number): Cluster =>
    pair({
      onPassiveVerdict: ({ name }, verdict) =>
        tell(index, (each) => each.judge.told(each.backend(name)!, verdict)),
      onMoved: (moved) => {
        if (moved.version < version) return
        version = moved.version + 1
        tell(-1, (each) => each.judge.follow({ ...moved, version }))
      },
    })
  for (const index of [0, 1]) clusters.push(create(index))
  engine.outcomes.set(A, 'ECONNREFUSED').set(B, 'ECONNREFUSED')
  await Promise.all(clusters.map((each) => dial(each)))
  for (let handled = 0; queue.length > 0; ++handled) {
    expect(handled).toBeLessThan(20)
    queue.shift()!()
  }
  expect(clusters[0]!.servingTier).toBe(clusters[1]!.servingTier)
})

test('with failback: manual a standby whose first check ends earlier does not take the place of a backend that works', () => {
  const cluster = pair()
  for (const name of [A, B]) say(cluster, name, false, 'INI')
  say(cluster, B, true)
  expect([states(cluster), cluster.servingTier]).toEqual([['down', 'up'], 0])
  say(cluster, A, true)
  expect([states(cluster), cluster.servingTier, told]).toEqual([['up', 'up'], 0, []])
})

test('with failback: manual a first check that fails moves the cluster to the standby', () => {
  const cluster = pair()
  for (const name of [A, B]) say(cluster, name, false, 'INI')
  say(cluster, B, true)
  say(cluster, A, false)
  expect(cluster.servingTier).toBe(1)
})

/** A is served first, B is its standby. */
function pair(more: ClusterHooks = {}): Cluster {
  told.length = 0
  const health = { ...USUAL_HEALTH, eject, failback: 'manual' } as const
  const cluster = clusterOf([A, B], { ...hooks, ...more }, { health })
  const backends = [A, B].map((text, tier) => ({
    address: { kind: 'tcp', host: text.split(':')[0]!, port: 80 } as const,
    weight: 1,
    tier,
  }))
  cluster.update({ balance: 'round-robin', hash: undefined, slowStartMs: 0, health, backends })
  return cluster
}
