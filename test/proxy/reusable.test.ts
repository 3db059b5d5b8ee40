/** What a generation takes over from the one before if only clusters differ, and when it takes over nothing. */
import { expect, it } from 'vitest'
import type { ProxyConfig } from '../../src/config/input.js'
import type { Config } from '../../src/config/schema.js'
import { validateConfig } from '../../src/config/validate.js'
import type { Generation } from '../../src/proxy/generations/generation.js'
import { reusable } from '../../src/proxy/generations/reusable.js'
import { RunningProxy } from '../../src/proxy/running-proxy.js'

const input: ProxyConfig = {
  listeners: [
    { name: 'web', address: '127.0.0.1:0', routes: [{ source: '10.0.0.0/8', cluster: 'a' }], cluster: 'b' },
  ],
  clusters: { a: { backends: ['10.0.0.1:80'] }, b: { backends: ['10.0.0.2:80'] } },
  log: { level: 'silent' },
}
const config = validateConfig(input)

/** The config with another cluster `a`. Everything else is the same. */
function withCluster(a: object): Config {
  const next = validateConfig({ ...input, clusters: { ...input.clusters, a } } as ProxyConfig)
  return { ...config, clusters: { ...config.clusters, a: next.clusters.a! } }
}

function generation(): Generation {
  return new RunningProxy(config).generations.present
}

it('only the destination of the changed cluster is made anew, and policies stay', () => {
  const before = generation()
  const kept = reusable(before, withCluster({ backends: ['10.0.0.1:80', '10.0.0.3:80'] }))!
  expect(kept.destinationOf('a')).toBeUndefined()
  expect(kept.destinationOf('b')).toBe(before.destinations.get('b'))
  expect(kept.listeners).toEqual([...before.services.keys()])
  expect(kept.keepsPolicies).toBe(true)
})

it('policies are made anew if a cluster needs something else of its clients', () => {
  const kept = reusable(generation(), withCluster({ backends: ['10.0.0.1:80'], sendProxy: 'v2' }))!
  expect(kept.keepsPolicies).toBe(false)
})

it('nothing is taken over if listeners or other parts of the config differ', () => {
  const before = generation()
  expect(reusable(before, { ...config, listeners: [...config.listeners] })).toBeUndefined()
  expect(reusable(before, { ...config, splice: 'off' })).toBeUndefined()
  expect(reusable(undefined, config)).toBeUndefined()
})

it('policies stay if a new cluster has the name of a property that every object has', () => {
  const clusters = { ...config.clusters, constructor: config.clusters.a! }
  const kept = reusable(generation(), { ...config, clusters })!
  expect(kept.keepsPolicies).toBe(true)
  expect(kept.destinationOf('constructor')).toBeUndefined()
})
