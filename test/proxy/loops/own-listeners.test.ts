/** Which listener of this proxy a connect would reach. */
import { expect, it } from 'vitest'
import { type Address, parseAddress } from '../../../src/address.js'
import { OwnListeners } from '../../../src/proxy/loops/own-listeners.js'

const at = (text: string): Address => parseAddress(text) as Address

interface Known {
  readonly ipv6Only?: boolean
  readonly device?: string
}

function listener(text: string, { ipv6Only = false, device }: Known = {}) {
  const address = at(text)
  const socket = { backlog: undefined, options: { interface: device } }
  return {
    address,
    place: { address, ipv6Only },
    options: { name: text, address, ipv6Only, socket },
    isListening: true,
  }
}

function listeners(...all: ReturnType<typeof listener>[]) {
  const interfaces = () => ({ eth0: [{ address: '10.0.0.5' }, { address: '2001:db8::5' }] })
  const own = new OwnListeners(() => 0, interfaces)
  for (const each of all) own.opened(each)
  return own
}

it.each([
  ['127.0.0.1:80', '127.0.0.1:80', true],
  ['127.0.0.1:80', '127.0.0.1:81', false],
  ['127.0.0.1:80', '127.0.0.2:80', false],
  ['0.0.0.0:80', '127.9.9.9:80', true],
  ['0.0.0.0:80', '10.0.0.5:80', true],
  ['0.0.0.0:80', '10.0.0.6:80', false],
  ['0.0.0.0:80', '[::1]:80', false],
  ['[::]:80', '10.0.0.5:80', true],
  ['[::]:80', '[2001:db8::5]:80', true],
  ['[::]:80', '[2001:db8::6]:80', false],
  ['unix:/run/a', 'unix:/run/a', true],
  ['unix:/run/a', 'unix:/run/b', false],
])('a connect reaches a listener at %s by the address %s: %s', (listening, to, isReached) => {
  expect(listeners(listener(listening)).at(at(to))).toBe(isReached ? listening : undefined)
})

it('an IPv4 connect does not reach a listener that takes only IPv6', () => {
  expect(listeners(listener('[::]:80', { ipv6Only: true })).at(at('127.0.0.1:80'))).toBeUndefined()
})

it('a connect of this machine to itself does not reach a listener of one network interface, unless it is lo', () => {
  const found = (device: string) => listeners(listener('0.0.0.0:80', { device })).at(at('127.0.0.1:80'))
  expect([found('eth0'), found('lo')]).toEqual([undefined, '0.0.0.0:80'])
})

it('an address that this machine gets is known after a second, and a listener that opens at once', () => {
  let [now, host] = [0, '10.0.0.5']
  const own = new OwnListeners(
    () => now,
    () => ({ eth0: [{ address: host }] }),
  )
  own.opened(listener('0.0.0.0:80'))
  const moving = at('10.0.0.6:80')
  expect(own.at(moving)).toBeUndefined()
  host = '10.0.0.6'
  now = 999
  expect(own.at(moving)).toBeUndefined()
  now = 1000
  expect(own.at(moving)).toBe('0.0.0.0:80')
  const other = at('10.0.0.6:81')
  expect(own.at(other)).toBeUndefined()
  own.opened(listener('10.0.0.6:81'))
  expect(own.at(other)).toBe('10.0.0.6:81')
})

it('a listener that was closed is not reached, and one that replaces it is', () => {
  const first = listener('127.0.0.1:80')
  const own = listeners(first)
  first.isListening = false
  expect(own.at(at('127.0.0.1:80'))).toBeUndefined()
  own.opened(listener('0.0.0.0:80'))
  expect([own.at(at('127.0.0.1:80')), own.names()]).toEqual(['0.0.0.0:80', ['0.0.0.0:80']])
})

it('a listener that was closed is forgotten, also if no other one opens at its port', () => {
  const first = listener('127.0.0.1:80')
  const own = listeners(first)
  first.isListening = false
  expect(own.names()).toEqual([])
  own.opened(listener('127.0.0.1:81'))
  first.isListening = true
  expect(own.names()).toEqual(['127.0.0.1:81'])
})

it('a listener that opens again at another port is reached there alone', () => {
  const first = listener('127.0.0.1:80')
  const own = listeners(first)
  Object.assign(first, listener('127.0.0.1:81'))
  own.opened(first)
  expect([own.at(at('127.0.0.1:80')), own.at(at('127.0.0.1:81'))]).toEqual([undefined, '127.0.0.1:81'])
})
