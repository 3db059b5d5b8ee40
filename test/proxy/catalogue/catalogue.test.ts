/** What exists, from every origin: the catalogue finds it by name, and knows it until no connection uses it. */
import { beforeEach, describe, expect, it } from 'vitest'
import { type Address, parseAddress } from '../../../src/address.js'
import type { ProxyConfig } from '../../../src/config/input.js'
import { validateConfig } from '../../../src/config/validate.js'
import type { Named } from '../../../src/control/names.js'
import { Catalogue } from '../../../src/proxy/catalogue/catalogue.js'

const A = '10.0.0.1:80'
const B = '10.0.0.2:80'
const C = '10.0.0.3:80'

const configOf = (listeners: readonly string[], clusters: ProxyConfig['clusters']) =>
  validateConfig({
    listeners: listeners.map((name, index) => ({
      name,
      address: `127.0.0.1:${index + 1}`,
      cluster: Object.keys(clusters)[0]!,
    })),
    clusters,
  })

const having = (...backends: NonNullable<ProxyConfig['clusters'][string]['backends']>) =>
  configOf(['web'], { c: { backends } })
const weighing = (weight: number, ...addresses: string[]) =>
  addresses.map((text) => ({ address: parseAddress(text) as Address, weight }))
const given = (...addresses: string[]) => weighing(1, ...addresses)

/** What connections use, as texts such as `{"listener":"web"}`. */
let used: Set<string>
let catalogue: Catalogue

const isUsed = (named: Named): boolean => used.has(JSON.stringify(named))
const use = (named: Named): void => void used.add(JSON.stringify(named))
function release(named: Named): void {
  used.delete(JSON.stringify(named))
  catalogue.forgetUnused()
}
const backends = (cluster = 'c') => [...(catalogue.backends(cluster)?.given ?? [])]
const namesOf = (cluster = 'c') => backends(cluster).map(({ name }) => name)

beforeEach(() => {
  used = new Set()
  catalogue = new Catalogue(having(A, B), () => isUsed)
})

it('a catalogue has what its config names, with addresses and weights', () => {
  expect([...catalogue.listeners.given]).toEqual([
    { name: 'web', address: parseAddress('127.0.0.1:1'), origin: 'config', isLeaving: false },
  ])
  expect([...catalogue.clusters.given]).toEqual([{ name: 'c', origin: 'config', isLeaving: false }])
  expect(backends()).toMatchObject([
    { name: A, address: parseAddress(A), weight: 1, setTo: 'up', origin: 'config', isLeaving: false },
    { name: B },
  ])
})

describe('backends of several origins', () => {
  it('a cluster has the backends of all origins, in the order in which the origins first came', () => {
    catalogue.provide('c', 'discovered', given(C))
    catalogue.provide('c', 'operator', given('10.0.0.4:80'))
    catalogue.reload(having(B))
    expect(backends()).toMatchObject([
      { name: B, origin: 'config' },
      { name: C, origin: 'discovered' },
      { name: '10.0.0.4:80', origin: 'operator' },
    ])
  })

  it('a reload keeps the backends of other origins, and no origin removes those of another', () => {
    catalogue.provide('c', 'discovered', given(B, C))
    catalogue.reload(having(A))
    expect(namesOf()).toEqual([A, B, C])
    catalogue.provide('c', 'discovered', [])
    expect(namesOf()).toEqual([A])
  })

  it('a backend that two origins give is one backend, with the weight of the first origin', () => {
    catalogue.reload(having({ address: A, weight: 3 }, B))
    catalogue.provide('c', 'discovered', weighing(5, A))
    expect(backends()).toMatchObject([{ name: A, weight: 3, origin: 'config' }, { name: B }])
    catalogue.reload(having(B))
    expect(backends()).toMatchObject([{ name: B }, { name: A, weight: 5, origin: 'discovered' }])
  })

  it('backends of all origins leave with their cluster, and an unknown cluster gets none', () => {
    catalogue.provide('c', 'discovered', given(C))
    catalogue.reload(configOf(['web'], { d: { backends: [A] } }))
    catalogue.provide('c', 'discovered', given(C))
    expect(catalogue.backends('c')).toBeUndefined()
    catalogue.reload(having(A))
    expect(namesOf()).toEqual([A])
  })
})

describe('orders of operators in the catalogue', () => {
  it('what an operator has set stays over a reload that does not change it, and over other origins', () => {
    catalogue.set('c', A, { state: 'maint' })
    catalogue.set('c', A, { weight: 7 })
    catalogue.reload(having(A, C))
    catalogue.provide('c', 'discovered', given(B))
    expect(backends()[0]).toMatchObject({ name: A, setTo: 'maint', weight: 7 })
    catalogue.set('c', A, { state: 'up' })
    expect(backends()[0]).toMatchObject({ setTo: 'up', weight: 7, ordered: { state: 'up', weight: 7 } })
  })

  it('a weight of an operator stays until the config changes it, and a state stays even then', () => {
    catalogue.set('c', A, { state: 'drain', weight: 0 })
    catalogue.reload(having({ address: A, weight: 2 }))
    expect(backends()[0]).toMatchObject({ weight: 2, setTo: 'drain', ordered: { state: 'drain' } })
  })

  it('what an operator has set ends when the backend leaves, although it is still in use', () => {
    use({ cluster: 'c', backend: A })
    catalogue.set('c', A, { state: 'drain', weight: 5 })
    catalogue.reload(having(B))
    expect(catalogue.backends('c')!.find(A)).toMatchObject({ isLeaving: true, setTo: 'drain' })
    catalogue.reload(having(A))
    expect(backends()[0]).toMatchObject({ isLeaving: false, setTo: 'up', weight: 1, ordered: undefined })
  })

  it('an order for an unknown backend has no effect later', () => {
    catalogue.set('c', C, { state: 'maint' })
    catalogue.set('x', A, { state: 'maint' })
    catalogue.provide('c', 'discovered', given(C))
    expect(backends().map(({ setTo }) => setTo)).toEqual(['up', 'up', 'up'])
  })
})

describe('what has left the catalogue', () => {
  const gone = configOf(['api'], { d: { backends: [A] } })

  it.each<[string, Named, () => unknown]>([
    ['a listener', { listener: 'web' }, () => catalogue.listeners.find('web')],
    ['a cluster', { cluster: 'c' }, () => catalogue.clusters.find('c')],
  ])('%s that has left the config is known as leaving until its last connection ends', (_, named, find) => {
    use(named)
    catalogue.reload(gone)
    expect(find()).toMatchObject({ isLeaving: true, origin: 'config' })
    catalogue.reload(gone)
    expect(find()).toMatchObject({ isLeaving: true })
    expect(catalogue.gives(named)).toBe(false)
    release(named)
    expect(find()).toBeUndefined()
  })

  it('a backend of any origin that has left is known as leaving until its last connection ends', () => {
    catalogue.provide('c', 'discovered', given(C))
    for (const backend of [A, C]) use({ cluster: 'c', backend })
    catalogue.provide('c', 'discovered', [])
    catalogue.reload(having(B))
    expect(catalogue.backends('c')!.all).toMatchObject([
      { name: B, isLeaving: false },
      { name: C, isLeaving: true, origin: 'discovered' },
      { name: A, isLeaving: true, origin: 'config' },
    ])
    release({ cluster: 'c', backend: A })
    expect(catalogue.names.clusters).toEqual([{ name: 'c', backends: [B, C] }])
    expect(catalogue.gives({ cluster: 'c', backend: C })).toBe(false)
  })

  it('a listener that returns to the config is not leaving any more', () => {
    use({ listener: 'web' })
    catalogue.reload(gone)
    catalogue.reload(having(A))
    expect(catalogue.listeners.all).toMatchObject([{ name: 'web', isLeaving: false }])
    expect(catalogue.gives({ listener: 'web' })).toBe(true)
  })

  it('the backends of a cluster that has left are known as long as they are in use themselves', () => {
    use({ cluster: 'c' })
    use({ cluster: 'c', backend: A })
    catalogue.reload(gone)
    expect(catalogue.names.clusters).toEqual([
      { name: 'd', backends: [A] },
      { name: 'c', backends: [A] },
    ])
  })

  it('a catalogue without connections forgets at once what has left the config', () => {
    const plain = new Catalogue(having(A))
    plain.reload(gone)
    expect(plain.names).toEqual({ listeners: ['api'], clusters: [{ name: 'd', backends: [A] }] })
  })
})

it('a listener of a prepared config is known as soon as it has clients, even if the config is given up', () => {
  catalogue.prepare(configOf(['web', 'new'], { c: { backends: [A] } }))
  expect(catalogue.names.listeners).toEqual(['web'])
  use({ listener: 'new' })
  catalogue.forgetUnused()
  expect(catalogue.listeners.find('new')).toMatchObject({ isLeaving: true })
  expect(catalogue.listeners.find('web')).toMatchObject({ isLeaving: false })
  catalogue.prepare(configOf(['web', 'other'], { c: { backends: [A] } }))
  catalogue.reload(having(B))
  expect(catalogue.names.listeners).toEqual(['web', 'new'])
  release({ listener: 'new' })
  expect(catalogue.names.listeners).toEqual(['web'])
})
