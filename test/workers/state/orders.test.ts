/** A worker that comes late is told exactly what a worker that was there all the time still knows. */
import { expect, it } from 'vitest'
import { validateConfig } from '../../../src/config/validate.js'
import { Catalogue } from '../../../src/proxy/catalogue/catalogue.js'
import { Orders } from '../../../src/workers/state/orders.js'

const A = '10.0.0.1:80'
const B = '10.0.0.2:80'

const configOf = (more: object = {}) =>
  validateConfig({
    listeners: [
      { name: 'web', address: '127.0.0.1:1', cluster: 'c' },
      { name: 'api', address: '127.0.0.1:2', cluster: 'c' },
    ],
    clusters: { c: { backends: [A, B] } },
    ...more,
  })
const config = configOf()

const setting = (backend: string, change: object) => ({
  method: 'changeBackend',
  args: ['c', backend, change],
})

it('a late worker is told the last state and the last weight of each backend', () => {
  const orders = new Orders(new Catalogue(config))
  orders.changeBackend('c', A, { state: 'maint' })
  orders.changeBackend('c', A, { weight: 5 })
  orders.changeBackend('c', B, { state: 'drain' })
  orders.changeBackend('c', B, { state: 'up' })
  expect(orders.callsFor(config)).toEqual([
    setting(A, { state: 'maint', weight: 5 }),
    setting(B, { state: 'up' }),
  ])
})

it('a late worker is told to drain the backends of a drained cluster, and a listener that it has', () => {
  const orders = new Orders(new Catalogue(config))
  orders.drain({ cluster: 'c' })
  orders.drain({ listener: 'web' })
  const settings = [setting(A, { state: 'drain' }), setting(B, { state: 'drain' })]
  expect(orders.callsFor(config)).toEqual([...settings, { method: 'drain', args: [{ listener: 'web' }] }])
  expect(orders.callsFor({ ...config, listeners: config.listeners.slice(1) })).toEqual(settings)
})

it('every order changes the revision of the orders', () => {
  const orders = new Orders(new Catalogue(config))
  const revisions = [
    () => orders.setLogLevel('debug'),
    () => orders.changeBackend('c', A, { weight: 2 }),
    () => orders.drain({ listener: 'web' }),
  ].map((order) => {
    order()
    return orders.revision
  })
  expect(new Set([0, ...revisions]).size).toBe(4)
})

it('a reload ends orders on what the config changes or removes, and a drained listener stays closed', () => {
  const orders = new Orders(new Catalogue(config))
  orders.setLogLevel('debug')
  orders.drain({ listener: 'web' })
  orders.changeBackend('c', A, { state: 'maint', weight: 5 })
  orders.changeBackend('c', B, { state: 'maint', weight: 5 })
  orders.reloaded(config, config)
  const level = { method: 'setLogLevel', args: ['debug'] }
  const change = { state: 'maint', weight: 5 }
  const drain = { method: 'drain', args: [{ listener: 'web' }] }
  expect(orders.callsFor(config)).toEqual([setting(A, change), setting(B, change), drain, level])
  const heavier = configOf({ clusters: { c: { backends: [{ address: A, weight: 2 }] } } })
  orders.reloaded(config, heavier)
  expect(orders.callsFor(heavier)).toEqual([setting(A, { state: 'maint' }), drain, level])
  orders.reloaded(heavier, configOf({ log: { level: 'error' } }))
  expect(orders.callsFor(config)).toEqual([setting(A, { state: 'maint' }), drain])
})

it('a late worker is told nothing of unknown backends, and a drain as it was ordered', () => {
  const orders = new Orders(new Catalogue(config))
  orders.changeBackend('c', '10.0.0.9:80', { state: 'maint' })
  orders.changeBackend('gone', A, { state: 'maint' })
  orders.drain({ listener: 'web', deadlineMs: 0 })
  expect(orders.callsFor(config)).toEqual([{ method: 'drain', args: [{ listener: 'web', deadlineMs: 0 }] }])
})

it('a hold ends with its cluster, whatever the name of the cluster is', () => {
  const { c } = config.clusters
  const before = { ...config, clusters: { c: c!, constructor: c! } }
  const orders = new Orders(new Catalogue(before))
  for (const cluster of ['c', 'constructor']) orders.hold({ cluster, maxMs: 60_000 })
  orders.reloaded(before, config)
  expect(orders.holds().map(({ cluster }) => cluster)).toEqual(['c'])
})
