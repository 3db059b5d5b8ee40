/** A config that differs from the present one only in clusters: what a worker is told of it, and what it makes of that. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Config } from '../../src/config/schema.js'
import { validateConfig } from '../../src/config/validate.js'
import { changedClusters, heardConfig } from '../../src/workers/told-config.js'

const before = configOf({ a: '10.0.0.1:80', b: '10.0.0.2:80' })

function configOf(clusters: Readonly<Record<string, string>>): Config {
  const listeners = [{ name: 'web', address: '127.0.0.1:80', cluster: 'base' }]
  const specs = Object.entries({ base: '10.0.0.9:80', ...clusters }).map(([name, backend]) => [
    name,
    { backends: [backend] },
  ])
  return validateConfig({ listeners, clusters: Object.fromEntries(specs) })
}

/** As a process gets it from another one. */
const passed = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value

it('a worker makes the same config of changed clusters as of the whole config, and keeps the clusters that stay', () => {
  const clusters = fc.dictionary(
    fc.constantFrom('a', 'b', 'c'),
    fc.constantFrom('10.0.0.1:80', '10.0.0.7:80'),
  )
  fc.assert(
    fc.property(clusters, (next) => {
      const made = configOf(next)
      const same = Object.entries(made.clusters).map(([name, each]) => {
        const known = before.clusters[name]
        return [name, JSON.stringify(known) === JSON.stringify(each) ? known : each]
      })
      const after = { ...made, listeners: before.listeners, clusters: Object.fromEntries(same) }
      const told = changedClusters(before, after)!
      const heard = heardConfig(passed({ kind: 'clusters', clusters: told }), before)
      expect(passed(heard)).toEqual(passed(after))
      expect(heard.clusters.base).toBe(before.clusters.base)
      expect(Object.keys(told.changed)).not.toContain('base')
    }),
  )
})

it('a worker is told the whole config if more than clusters differs', () => {
  expect(changedClusters(before, { ...before, listeners: [...before.listeners] })).toBeUndefined()
  expect(changedClusters(before, { ...before, splice: 'off' })).toBeUndefined()
})

it('clusters may have names of properties that every object has', () => {
  const withName = { ...before, clusters: { ...before.clusters, constructor: before.clusters.a! } }
  expect(changedClusters(withName, before)).toEqual({ changed: {}, removed: ['constructor'] })
  const told = changedClusters(before, withName)!
  expect(heardConfig({ kind: 'clusters', clusters: told }, before)).toEqual(withName)
})
