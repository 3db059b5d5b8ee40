import { describe, expect, it } from 'vitest'
import { packPeer } from '../../src/address.js'
import type { ProxyConfig } from '../../src/config/input.js'
import { validateConfig } from '../../src/config/validate.js'
import { Claim } from '../../src/limits/claim.js'
import { createOwnCounts } from '../../src/limits/counts/own-counts.js'
import { planOf } from '../../src/limits/limit.js'
import { Limiter } from '../../src/limits/limiter.js'
import { listSources } from '../../src/proxy/sources.js'

const config = validateConfig({
  listeners: [
    {
      name: 'front',
      address: '127.0.0.1:1',
      cluster: 'back',
      limits: { perSource: { maxConnections: 50, prefix4: 24 } },
    },
  ],
  clusters: { back: { backends: ['127.0.0.1:2'] } },
  limits: { perSource: { maxConnections: 50 } },
} satisfies ProxyConfig)
const counts = createOwnCounts({ sources: 1000 })
const limiter = new Limiter(counts, { wouldRefuse: () => {} })
const plan = planOf(['listener/front', config.listeners[0]!.limits], ['process', config.limits])!
/** Client 10.0.0.N has N connections. */
for (let n = 1; n <= 9; n++)
  for (let i = 0; i < n; i++) limiter.take(plan.all, packPeer(0x0a000000 + n, i), new Claim())

describe('the list of sources', () => {
  it('a source is listed once in each scope, those with the most connections first', () => {
    const { matched, isShared, sources } = listSources(counts, config, { limit: 3 })
    expect([matched, isShared]).toEqual([10, true])
    expect(sources.map(({ scope, source, connections }) => `${scope} ${source} ${connections}`)).toEqual([
      'listener/front 10.0.0.0/24 45',
      'process 10.0.0.9 9',
      'process 10.0.0.8 8',
    ])
  })

  it('a scope chooses the sources of one limit', () => {
    const { sources } = listSources(counts, config, { scope: 'listener/front', sort: 'rate' })
    expect(sources).toMatchObject([
      { source: '10.0.0.0/24', connections: 45, newPerSecond: 45, bytesToday: 0 },
    ])
  })

  it('an unknown scope is an error with a hint', () => {
    expect(() => listSources(counts, config, { scope: 'listener/frnt' })).toThrow(
      'there is no scope "listener/frnt" with limits of sources; did you mean "listener/front"?',
    )
  })
})
