/** Which places a client needs, and which limit has none. */
import { describe, expect, it } from 'vitest'
import { packPeer } from '../../src/address.js'
import type { ProxyConfig } from '../../src/config/input.js'
import { validateConfig } from '../../src/config/validate.js'
import { changeTo } from '../../src/limits/change.js'
import { Claim } from '../../src/limits/claim.js'
import { createOwnCounts } from '../../src/limits/counts/own-counts.js'
import { type Limit, type LimitPlan, planOf } from '../../src/limits/limit.js'
import { groupFor, isWaitedFor, Limiter, type NoPlace } from '../../src/limits/limiter.js'
import { causeOf } from '../../src/limits/no-place.js'

type LimitsInput = NonNullable<ProxyConfig['limits']>

const ONE = packPeer(0x0a000001, 1)
const OTHER = packPeer(0x0a000002, 1)
const UNIX = { kind: 'unix', path: '/a' } as const

function planFrom(process: LimitsInput | undefined, listener: LimitsInput | undefined): LimitPlan {
  const config = validateConfig({
    listeners: [
      { name: 'front', address: '127.0.0.1:1', cluster: 'back', ...(listener && { limits: listener }) },
    ],
    clusters: { back: { backends: ['127.0.0.1:2'] } },
    ...(process && { limits: process }),
  })
  return planOf(['listener/front', config.listeners[0]!.limits], ['process', config.limits])!
}

function limiterOf(sources = 1000): { limiter: Limiter; wouldRefuse: NoPlace[] } {
  const wouldRefuse: NoPlace[] = []
  const limiter = new Limiter(createOwnCounts({ sources }), {
    wouldRefuse: (noPlace) => wouldRefuse.push(noPlace),
  })
  return { limiter, wouldRefuse }
}

const told = (noPlace: NoPlace | undefined): string | undefined => noPlace && causeOf(noPlace)

describe('a plan', () => {
  it('scopes without limits need no places', () => {
    expect(planOf(['listener/a', undefined], ['process', undefined])).toBeUndefined()
  })

  it('limits of sources are asked before those of scopes, and those of the narrower scope first', () => {
    const plan = planFrom(
      { maxConnections: 3, perSource: { maxConnections: 2 } },
      { newPerSecond: 5, perSource: { newPerSecond: 1 } },
    )
    expect(plan.all.enforced.map(({ scope, perSource }) => `${scope} ${perSource ? 'source' : ''}`)).toEqual([
      'listener/front source',
      'process source',
      'listener/front ',
      'process ',
    ])
    expect(plan.scopes.enforced).toHaveLength(2)
    expect(plan.sources.enforced).toHaveLength(2)
  })

  it('a limit of bytes alone also needs a place, because bytes are counted with it', () => {
    expect(planFrom({ bytesPerSecond: '1MiB' }, undefined).scopes.enforced).toHaveLength(1)
    expect(planFrom({ perSource: { bytesPerDay: '1GiB' } }, undefined).sources.daily).toHaveLength(1)
  })

  it('clients of unix sockets need no place of a source', () => {
    const plan = planFrom({ maxConnections: 3, perSource: { maxConnections: 2 } }, undefined)
    expect(groupFor(plan, UNIX)).toBe(plan.scopes)
    expect(groupFor(plan, undefined)).toBe(plan.all)
  })
})

describe('a connection that is there when limits change', () => {
  const recount = (limiter: Limiter, claim: Claim, limits: readonly Limit[], client: number): void =>
    limiter.recount(claim, changeTo(limits, claim.limits), client)
  const heldBy = (limiter: Limiter, claim: Claim) => [
    claim.limits.map(({ key }) => key),
    limiter.counts.held({ scope: 'process' }),
    [...limiter.counts.sources('process')].map(({ held }) => held),
  ]

  it('takes places in new limits even if there are none, and a new client gets none then', () => {
    const { limiter } = limiterOf()
    const plan = planFrom({ maxConnections: 1, perSource: { maxConnections: 1 } }, undefined)
    const claims = [new Claim(), new Claim()]
    for (const claim of claims) recount(limiter, claim, plan.all.list, ONE)
    expect(heldBy(limiter, claims[0]!)).toEqual([['process /32 /64', 'process'], 2, [2]])
    limiter.leave(claims[0]!)
    expect(told(limiter.take(plan.all, OTHER, new Claim()))).toBe('limit: process connections')
    expect(told(limiter.take(plan.all, ONE, new Claim()))).toBe('source-limit: connections (process)')
    limiter.leave(claims[1]!)
    expect(limiter.take(plan.all, ONE, new Claim())).toBeUndefined()
  })

  it('keeps its places, gives back those of limits that are gone, and takes those of other prefixes', () => {
    const { limiter } = limiterOf()
    const claim = new Claim()
    limiter.take(planFrom({ maxConnections: 1 }, { perSource: { maxConnections: 1 } }).all, ONE, claim)
    recount(
      limiter,
      claim,
      planFrom({ maxConnections: 9, perSource: { maxConnections: 5 } }, undefined).all.list,
      ONE,
    )
    expect(heldBy(limiter, claim)).toEqual([['process /32 /64', 'process'], 1, [1]])
    expect([...limiter.counts.sources('listener/front')].map(({ held }) => held)).toEqual([0])
    recount(
      limiter,
      claim,
      planFrom({ perSource: { prefix4: 24, maxConnections: 5 } }, undefined).all.list,
      ONE,
    )
    expect(heldBy(limiter, claim)).toEqual([['process /24 /64'], 0, [0, 1]])
    recount(limiter, claim, [], ONE)
    expect(heldBy(limiter, claim)).toEqual([[], 0, [0, 0]])
  })

  it('uses up no rate', () => {
    const { limiter } = limiterOf()
    const plan = planFrom({ newPerSecond: { rate: 0.01, burst: 1 } }, undefined)
    recount(limiter, new Claim(), plan.all.list, ONE)
    expect(limiter.take(plan.all, ONE, new Claim())).toBeUndefined()
    expect(told(limiter.take(plan.all, ONE, new Claim()))).toBe('limit: process rate')
  })

  it('takes no place of its source if the table is full', () => {
    const { limiter } = limiterOf(1)
    const plan = planFrom({ perSource: { maxConnections: 1 } }, undefined)
    const claims = [new Claim(), new Claim()]
    recount(limiter, claims[0]!, plan.all.list, ONE)
    recount(limiter, claims[1]!, plan.all.list, OTHER)
    expect(claims.map(({ limits }) => limits.length)).toEqual([1, 0])
  })
})

describe('a limiter', () => {
  it('a client that one limit refuses takes no place in any other', () => {
    const { limiter } = limiterOf()
    const plan = planFrom({ maxConnections: 1 }, { bytesPerSecond: '1MiB' })
    expect(limiter.take(plan.all, ONE, new Claim())).toBeUndefined()
    expect(told(limiter.take(plan.all, OTHER, new Claim()))).toBe('limit: process connections')
    expect(['listener/front', 'process'].map((scope) => limiter.held(scope))).toEqual([1, 1])
    expect(limiter.counts.held({ scope: 'listener/front' })).toBe(1)
  })

  it('places that are given back are free again, and a claim gives them back only once', () => {
    const { limiter } = limiterOf()
    const plan = planFrom(undefined, { maxConnections: 1, perSource: { maxConnections: 1 } })
    const claim = new Claim()
    limiter.take(plan.all, ONE, claim)
    limiter.leave(claim)
    limiter.leave(claim)
    expect(limiter.counts.held({ scope: 'listener/front' })).toBe(0)
    expect(limiter.take(plan.all, ONE, new Claim())).toBeUndefined()
    expect(limiter.held('listener/front')).toBe(1)
  })

  it('a source that has its share is refused, and other sources are not', () => {
    const { limiter } = limiterOf()
    const plan = planFrom({ perSource: { maxConnections: 1 } }, undefined)
    limiter.take(plan.all, ONE, new Claim())
    const noPlace = limiter.take(plan.all, ONE, new Claim())!
    expect([told(noPlace), isWaitedFor(noPlace)]).toEqual(['source-limit: connections (process)', false])
    expect(limiter.take(plan.all, OTHER, new Claim())).toBeUndefined()
  })

  it('whenFull says whether clients wait for a place of a scope', () => {
    for (const whenFull of ['wait', 'refuse'] as const) {
      const { limiter } = limiterOf()
      const plan = planFrom(undefined, { newPerSecond: 1, whenFull })
      limiter.take(plan.all, ONE, new Claim())
      const noPlace = limiter.take(plan.all, ONE, new Claim())!
      expect([told(noPlace), isWaitedFor(noPlace)]).toEqual(['limit: listener rate', whenFull === 'wait'])
    }
  })

  it('a client whose source cannot be remembered is refused', () => {
    const { limiter } = limiterOf(1)
    const plan = planFrom({ perSource: { maxConnections: 5 } }, undefined)
    limiter.take(plan.all, ONE, new Claim())
    expect(told(limiter.take(plan.all, OTHER, new Claim()))).toBe('source-limit: table-full (process)')
  })

  it('a source that has moved its bytes of today uses up no rate that others need', () => {
    const { limiter } = limiterOf()
    const plan = planFrom(
      { perSource: { bytesPerDay: '1KiB' } },
      { newPerSecond: { rate: 0.01, burst: 2 }, whenFull: 'refuse' },
    )
    const claim = new Claim()
    limiter.take(plan.all, ONE, claim)
    limiter.counts.addBytes(claim.entries[claim.limits.findIndex(({ perSource }) => perSource)]!, 1024)
    for (const _ of Array(3))
      expect(told(limiter.take(plan.all, ONE, new Claim()))).toBe('source-limit: bytes-today (process)')
    expect(told(limiter.take(plan.all, OTHER, new Claim()))).toBeUndefined()
  })

  it('a dry run tells whose bytes of today are used up', () => {
    const { limiter, wouldRefuse } = limiterOf()
    const plan = planFrom({ perSource: { bytesPerDay: '1KiB' }, dryRun: true }, undefined)
    const claim = new Claim()
    limiter.take(plan.all, ONE, claim)
    limiter.counts.addBytes(claim.entries[0]!, 1024)
    expect(told(limiter.take(plan.all, ONE, new Claim()))).toBeUndefined()
    expect(wouldRefuse.map(causeOf)).toEqual(['source-limit: bytes-today (process)'])
  })

  it('a dry run refuses nobody, tells whom it would refuse, and counts on as if it had', () => {
    const { limiter, wouldRefuse } = limiterOf()
    const plan = planFrom(
      { perSource: { maxConnections: 1 }, dryRun: true },
      { maxConnections: 2, whenFull: 'refuse' },
    )
    const claims = [new Claim(), new Claim(), new Claim()]
    expect(claims.map((claim) => told(limiter.take(plan.all, ONE, claim)))).toEqual([
      undefined,
      undefined,
      'limit: listener connections',
    ])
    expect(wouldRefuse.map(causeOf)).toEqual(['source-limit: connections (process)'])
    limiter.leave(claims[0]!)
    limiter.take(plan.all, ONE, new Claim())
    expect(wouldRefuse).toHaveLength(1)
  })
})
