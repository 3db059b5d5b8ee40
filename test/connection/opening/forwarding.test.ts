/** The client of a request: how millrace finds it in a field, and what millrace tells the backend. */
import { describe, expect, it } from 'vitest'
import { AddressSet } from '../../../src/address-set.js'
import type { FirstRequest } from '../../../src/connection/opening/first-request.js'
import { clientByField, requestFor } from '../../../src/connection/opening/forwarding.js'
import type { KnownClient } from '../../../src/connection/opening/known-client.js'
import { readRequestHead } from '../../../src/websocket/heads/request-head.js'

const PROXY = { kind: 'tcp', host: '10.0.0.5', port: 50000 }
const STRANGER = { kind: 'tcp', host: '198.51.100.1', port: 50000 }

function requestWith(lines: string, key?: string): FirstRequest {
  const original = Buffer.from(`GET / HTTP/1.1\r\nHost: a.test\r\n${lines}\r\n`)
  const answer = readRequestHead(original)
  if (answer.kind !== 'match') throw new Error('no request')
  return { head: answer.value, original, key }
}

/** A client of a listener that trusts the proxies in 10.0.0.0/8. */
const clientWith = (facts: object, config: object = {}): KnownClient => {
  const trustedProxies = new AddressSet(['10.0.0.0/8'])
  const all = { clientFrom: { field: 'x-forwarded-for' }, xForwarded: 'replace', ...config }
  return {
    policy: { trustedProxies, config: all, termination: undefined },
    ...facts,
  } as unknown as KnownClient
}

describe('the client by X-Forwarded-For', () => {
  const find = (value: string, sender: object, config = {}) => {
    const found = clientByField(clientWith({ sender }, config), requestWith(`X-Forwarded-For: ${value}\r\n`))
    return found?.kind === 'tcp' ? found.host : undefined
  }

  it.each([
    ['the only address', '192.0.2.7', '192.0.2.7'],
    ['the last address that is not trusted', '6.6.6.6, 192.0.2.7, 10.0.0.9', '192.0.2.7'],
    ['the first address if all are trusted', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['the first address after an entry that is no address', '6.6.6.6, unknown, 10.0.0.2', '10.0.0.2'],
    ['nobody if the last entry is no address', '6.6.6.6, unknown', undefined],
  ])('the client by X-Forwarded-For is %s: %s', (_, value, client) => {
    expect(find(value, PROXY)).toBe(client)
  })

  it('X-Forwarded-For names no client if its sender is not trusted or the listener has no clientFrom', () => {
    expect(find('192.0.2.7', STRANGER)).toBeUndefined()
    expect(find('192.0.2.7', PROXY, { clientFrom: undefined })).toBeUndefined()
  })
})

describe('the request for a backend', () => {
  const address = STRANGER

  it.each([
    ['http', 'without TLS', undefined],
    ['https', 'over TLS that ends at millrace', {}],
  ])('a backend gets X-Forwarded-Proto %s for a client that came %s', (proto, _, termination) => {
    const client = clientWith({ address })
    Object.assign(client.policy, { termination })
    const head = requestFor(client, requestWith('')).toString()
    expect(head).toContain(`\r\nX-Forwarded-Proto: ${proto}\r\n`)
    expect(head).toContain('\r\nX-Forwarded-For: 198.51.100.1\r\n')
  })

  it('a backend gets "Connection: close" with a request, but not with an upgrade', () => {
    const client = clientWith({ address })
    expect(requestFor(client, requestWith('')).toString()).toContain('\r\nConnection: close\r\n')
    expect(requestFor(client, requestWith('', 'key')).toString()).not.toContain('close')
  })
})
