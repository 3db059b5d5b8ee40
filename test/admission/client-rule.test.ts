/** Which clients pass the gate of their listener at accept. */
import { expect, it } from 'vitest'
import { packPeer } from '../../src/address.js'
import { ClientRule } from '../../src/admission/client-rule.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { validateConfig } from '../../src/config/validate.js'
import { createListenerPolicy } from '../../src/connection/listener-policy.js'
import type { Service } from '../../src/connection/service.js'
import { Gate } from '../../src/limits/gate.js'

const PEER = packPeer(0x0a000001, 2)
const barred = new Gate([{ scope: 'process', isDryRun: false, refuses: () => 'rejected' }])
const needs = () => ({ isTold: false, isKeyedBySni: false, dialsBySni: false })

function serviceOf(listener: Partial<ListenerInput>): Service {
  const { listeners } = validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', cluster: 'back', ...listener }],
    clusters: { back: { backends: ['127.0.0.1:2'] } },
  })
  return { gate: barred, policy: createListenerPolicy(listeners[0]!, 5000, needs, undefined) } as Service
}

it('a client that the gate refuses is refused, with its cause', () => {
  expect(new ClientRule().decide(serviceOf({}), PEER)).toEqual({ answer: 'refuse', cause: 'rejected' })
})

it('a peer that may send PROXY headers passes at accept, and the client that it names does not', () => {
  const service = serviceOf({ acceptProxy: { from: ['10.0.0.0/8'] } })
  expect(new ClientRule().decide(service, PEER)).toBe('go-on')
  expect(new ClientRule().named(service, { kind: 'tcp', host: '192.0.2.1', port: 1 })).toBe('rejected')
})

it('a peer that clientFrom trusts passes at accept', () => {
  const clientFrom = { field: 'X-Forwarded-For', trusted: ['10.0.0.1'] } as const
  expect(new ClientRule().decide(serviceOf({ protocol: 'http', clientFrom }), PEER)).toBe('go-on')
})

it('a peer that is not among the trusted proxies must pass the gate', () => {
  const service = serviceOf({ acceptProxy: { from: ['192.0.2.0/24'] } })
  expect(new ClientRule().decide(service, PEER)).toMatchObject({ answer: 'refuse' })
})
