/** Several addresses of a listener, ranges of ports, and backends without a port. */
import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../src/address.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { judge } from '../../src/config/validate.js'

const configOf = (listener: Partial<ListenerInput>, backend: unknown = '10.0.0.5:80', health?: object) => ({
  listeners: [{ cluster: 'web', ...listener }],
  clusters: { web: { backends: [backend], health } },
})

function read(...said: Parameters<typeof configOf>) {
  const verdict = judge(configOf(...said), undefined)
  if (!('config' in verdict)) throw new Error(JSON.stringify(verdict.findings))
  return verdict.config
}

const problems = (...said: Parameters<typeof configOf>): string[] => {
  const verdict = judge(configOf(...said), undefined)
  return 'config' in verdict
    ? []
    : verdict.findings.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('addresses of a listener', () => {
  it('a listener with several addresses is one for each, with a name of its own', () => {
    const { listeners } = read({
      name: 'web',
      addresses: ['0.0.0.0:80', '[::]:80', 'unix:/run/web'],
      tags: { a: 'b' },
    })
    expect(listeners.map(({ name, ipv6Only, tags }) => [name, ipv6Only, tags.a])).toEqual([
      ['web@0.0.0.0:80', false, 'b'],
      ['web@[::]:80', true, 'b'],
      ['web@unix:/run/web', false, 'b'],
    ])
  })

  it('a range of ports is a listener for each port', () => {
    const { listeners } = read({ name: 'ftp', address: '127.0.0.1:5000-5002' })
    expect(listeners.map(({ address }) => formatAddress(address))).toEqual([
      '127.0.0.1:5000',
      '127.0.0.1:5001',
      '127.0.0.1:5002',
    ])
    expect(read({ name: 'ftp', addresses: ['[::1]:5-6', '[::1]:8'] }).listeners).toHaveLength(3)
  })

  it('a listener with one address keeps its name, or has its address as name', () => {
    expect(read({ name: 'web', addresses: ['127.0.0.1:80'] }).listeners[0]!.name).toBe('web')
    expect(read({ addresses: ['127.0.0.1:80-80'] }).listeners[0]!.name).toBe('127.0.0.1:80')
  })

  it.each<[Partial<ListenerInput>, string]>([
    [{}, 'listeners.0.address: is missing: expected an address, such as 127.0.0.1:7000'],
    [
      { address: '127.0.0.1:80', addresses: ['127.0.0.1:81'] },
      'listeners.0.addresses: a listener cannot have both "address" and "addresses": write all of them here',
    ],
    [
      { address: '127.0.0.1:80-81' },
      'listeners.0.name: is missing: a listener with several addresses needs a name. Write one, such as "web"',
    ],
    [
      { name: 'a', address: '127.0.0.1:81-80' },
      'listeners.0.address: expected a range of 1 to 1000 ports from 1 to 65535, such as 127.0.0.1:5000-5010, found "127.0.0.1:81-80"',
    ],
    [
      { name: 'a', address: '127.0.0.1:1-1001' },
      'listeners.0.address: expected a range of 1 to 1000 ports from 1 to 65535, such as 127.0.0.1:5000-5010, found "127.0.0.1:1-1001"',
    ],
    [
      { name: 'a', addresses: ['127.0.0.1:80-82', '127.0.0.1:81'] },
      'listeners.0.addresses.1: 127.0.0.1:81 is already used at listeners[0].addresses[0]: write another address',
    ],
    [
      { name: 'a', addresses: [] },
      'listeners.0.addresses: expected a list of addresses, found an empty list',
    ],
    [
      { name: 'a', addresses: ['unix:/run/a', '127.0.0.1:80'], mode: '0660' },
      'listeners.0.mode: works only with the file of a unix socket: write the address as unix:/path, or remove this key',
    ],
  ])('a listener with %j is an error', (listener, message) => {
    expect(problems(listener)).toEqual([message])
  })
})

describe('a backend without a port', () => {
  const front = { name: 'front', address: '10.0.0.1:5000-5001' }

  it.each(['10.0.0.5', '[2001:db8::5]', 'games.internal'])(
    'a backend %s has no port of its own',
    (backend) => {
      const { address } = read(front, backend).clusters.web!.backends[0]!
      expect(address).toMatchObject({ kind: 'tcp', port: 0 })
    },
  )

  it.each<[Partial<ListenerInput>, string, object | undefined, string]>([
    [
      front,
      '10.0.0.5',
      { check: 'tcp' },
      'clusters.web.health.check: needs "port", because backends[0] has none: add it here, or a port there',
    ],
    [
      { address: '0.0.0.0:80' },
      'localhost',
      undefined,
      'clusters.web.backends.0: without a port, this is the address of listeners[0].address, so millrace would connect to itself: write a port',
    ],
    [
      front,
      '10.0.0.1',
      undefined,
      'clusters.web.backends.0: without a port, this is the address of listeners[0].address, so millrace would connect to itself: write a port',
    ],
    [
      { address: '[2001:db8:0::1]:80' },
      '[2001:db8::1]',
      undefined,
      'clusters.web.backends.0: without a port, this is the address of listeners[0].address, so millrace would connect to itself: write a port',
    ],
    [front, '10.0.0.5:0', undefined, 'clusters.web.backends.0: expected a port from 1 to 65535, found 0'],
  ])('a listener %j with the backend %s is an error', (listener, backend, health, message) => {
    expect(problems(listener, backend, health)).toEqual([message])
  })

  it('a backend without a port may be checked at a port of its own', () => {
    expect(problems(front, '10.0.0.5', { check: { port: 21 } })).toEqual([])
  })
})
