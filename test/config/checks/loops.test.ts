/** Loops of a config: a proxy that is its own backend. */
import { expect, it } from 'vitest'
import { findLoops } from '../../../src/config/checks/loops.js'
import { formatPath } from '../../../src/config/checks/path.js'

type Backends = Readonly<Record<string, readonly unknown[]>>

function loopsOf(listeners: readonly (readonly [string, string])[], backends: Backends): string[] {
  const clusters = Object.fromEntries(
    Object.entries(backends).map(([name, each]) => [name, { backends: each }]),
  )
  const input = { listeners: listeners.map(([address, cluster]) => ({ address, cluster })), clusters }
  return findLoops(input).map(({ path, isCertain }) => `${formatPath(path)}${isCertain ? '' : ' perhaps'}`)
}

it.each([
  ['127.0.0.1:80', '127.0.0.1:80'],
  ['127.0.0.1:80', 'localhost:80'],
  ['0.0.0.0:80', '127.0.0.1:80'],
  ['[::]:80', '127.0.0.1:80'],
  ['[::]:80', '[::1]:80'],
  ['unix:/run/a.sock', 'unix:/run/a.sock'],
])('a listener on %s whose backend is %s is a loop', (address, backend) => {
  expect(loopsOf([[address, 'a']], { a: [backend] })).toEqual(['clusters.a.backends[0]'])
})

it('a loop beside which another backend serves is only a warning', () => {
  const backends = ['192.0.2.1:80', '127.0.0.1:80']
  expect(loopsOf([['0.0.0.0:80', 'a']], { a: backends })).toEqual(['clusters.a.backends[1] perhaps'])
})

it('a loop over an address that can move to another machine is only a warning', () => {
  const listeners = [{ address: '0.0.0.0:80', cluster: 'a' }]
  const input = { listeners, clusters: { a: { backends: ['192.0.2.7:80'] } } }
  expect(findLoops(input, ['192.0.2.7'])).toMatchObject([{ isCertain: false }])
  expect(findLoops(input, ['192.0.2.8'])).toEqual([])
})

it('a backend behind a forward proxy is no loop', () => {
  const cluster = { via: 'socks5://192.0.2.9:1080', backends: ['127.0.0.1:80'] }
  const input = { listeners: [{ address: '127.0.0.1:80', cluster: 'a' }], clusters: { a: cluster } }
  expect(findLoops(input)).toEqual([])
})

it('several addresses and ranges of ports of a listener can be in a loop, too', () => {
  const clusters = { a: { backends: ['127.0.0.1:7003'] } }
  for (const place of [{ addresses: ['127.0.0.2:1', '127.0.0.1:7003'] }, { address: '0.0.0.0:7000-7010' }])
    expect(findLoops({ listeners: [{ ...place, cluster: 'a' }], clusters })).toHaveLength(1)
})

it.each([
  ['127.0.0.1:80', '127.0.0.1:81'],
  ['127.0.0.1:80', '127.0.0.2:80'],
  ['0.0.0.0:80', '192.0.2.1:80'],
  ['0.0.0.0:80', '[::1]:80'],
  ['0.0.0.0:80', 'db.internal:80'],
  ['127.0.0.1:0', '127.0.0.1:80'],
  ['unix:/run/a.sock', 'unix:/run/b.sock'],
])('a listener on %s whose backend is %s is no loop', (address, backend) => {
  expect(loopsOf([[address, 'a']], { a: [backend] })).toEqual([])
})

it('a listener in front of another listener is no loop, and a round of three is one at each of its steps', () => {
  const three = [
    ['127.0.0.1:1', 'a'],
    ['127.0.0.1:2', 'b'],
    ['127.0.0.1:3', 'c'],
  ] as const
  const chain = { a: ['127.0.0.1:2'], b: [{ address: '127.0.0.1:3' }], c: ['192.0.2.1:80'] }
  expect(loopsOf(three, chain)).toEqual([])
  expect(loopsOf(three, { ...chain, c: ['127.0.0.1:1'] })).toEqual([
    'clusters.a.backends[0]',
    'clusters.b.backends[0]',
    'clusters.c.backends[0]',
  ])
})
