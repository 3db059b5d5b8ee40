/** What every reply of SOCKS5 and every status of CONNECT means, and what is said to the forward proxy before. */
import { describe, expect, it } from 'vitest'
import type { TcpAddress } from '../../src/address.js'
import type { ForwardProxyOptions } from '../../src/via/forward-proxy.js'
import { openTunnel } from '../../src/via/tunnel.js'
import { ScriptedDialogue } from '../connection/scripted-dialogue.js'

const TO: TcpAddress = { kind: 'tcp', host: 'db.test', port: 5432 }
const CREDENTIALS = { user: 'app', password: 'word' }

const proxy = (
  protocol: ForwardProxyOptions['protocol'],
  credentials?: typeof CREDENTIALS,
): ForwardProxyOptions => ({
  protocol,
  address: { kind: 'tcp', host: '192.0.2.1', port: 1080 },
  credentials,
})
const open = (dialogue: ScriptedDialogue, options: ForwardProxyOptions) =>
  openTunnel(dialogue.asDialogue, TO, options)
const whyNot = async (options: ForwardProxyOptions, ...said: (Buffer | string)[]) => {
  const failure = await open(new ScriptedDialogue(...said), options)
  return failure && [failure.errno, failure.via?.detail, failure.via?.mayTryNext]
}
const bytes = (...all: number[]) => Buffer.from(all)
const NO_PASSWORD = bytes(5, 0)
const BACKEND = undefined

describe('a tunnel by SOCKS5', () => {
  it('a server that wants a password gets it, and then the name of the backend', async () => {
    const dialogue = new ScriptedDialogue(
      bytes(5, 2),
      bytes(1, 0),
      bytes(5, 0, 0, 1, 0, 0, 0, 0, 0, 0),
      'hello',
    )
    expect(await open(dialogue, proxy('socks5', CREDENTIALS))).toBeUndefined()
    expect(dialogue.told.slice(0, 2)).toEqual(['\x05\x02\x00\x02', '\x01\x03app\x04word'])
    expect(dialogue.told[2]).toContain('db.test')
    expect(dialogue.left).toBe('hello')
  })

  it('a server that wants no password gets none, although there is one', async () => {
    const dialogue = new ScriptedDialogue(NO_PASSWORD, bytes(5, 0, 0, 1, 0, 0, 0, 0, 0, 0))
    expect(await open(dialogue, proxy('socks5', CREDENTIALS))).toBeUndefined()
    expect(dialogue.told).toHaveLength(2)
  })

  it.each([
    [1, 'EREMOTEIO', BACKEND, undefined],
    [2, 'EACCES', 'not allowed by its rules', true],
    [3, 'ENETUNREACH', BACKEND, undefined],
    [4, 'EHOSTUNREACH', BACKEND, undefined],
    [5, 'ECONNREFUSED', BACKEND, undefined],
    [6, 'ETIMEDOUT', BACKEND, undefined],
    [7, 'EOPNOTSUPP', 'it does not support CONNECT', false],
    [8, 'EAFNOSUPPORT', 'it does not support this type of address', true],
    [9, 'EPROTO', 'unknown reply 9', true],
    [255, 'EPROTO', 'unknown reply 255', true],
  ])('reply %i of SOCKS5 means %s', async (code, ...expected) => {
    expect(await whyNot(proxy('socks5'), NO_PASSWORD, bytes(5, code))).toEqual(expected)
  })

  it.each<[string, string, Buffer[], typeof CREDENTIALS | undefined]>([
    ['it asks for credentials', 'EACCES', [bytes(5, 255)], undefined],
    ['it asks for credentials', 'EACCES', [bytes(5, 2)], undefined],
    ['it takes no password', 'EACCES', [bytes(5, 255)], CREDENTIALS],
    ['it refuses the credentials', 'EACCES', [bytes(5, 2), bytes(1, 1)], CREDENTIALS],
    ['bad answer to the password', 'EPROTO', [bytes(5, 2), bytes(2, 0)], CREDENTIALS],
    ['bad authentication method', 'EPROTO', [bytes(5, 7)], CREDENTIALS],
    ['bad reply', 'EPROTO', [NO_PASSWORD, bytes(5, 0, 0, 9)], undefined],
  ])('a server of which the record says "%s" blames no backend', async (detail, errno, said, credentials) => {
    expect(await whyNot(proxy('socks5', credentials), ...said)).toEqual([errno, detail, false])
  })
})

describe('a tunnel by CONNECT', () => {
  it.each([
    [200, undefined],
    [299, undefined],
    [101, ['EPROTO', 'it answers 101', false]],
    [301, ['EPROTO', 'it answers 301', false]],
    [400, ['EPROTO', 'it answers 400', false]],
    [403, ['EACCES', 'not allowed by its rules', true]],
    [404, ['ENOTFOUND', 'it answers 404', true]],
    [405, ['EPROTO', 'it answers 405', false]],
    [429, ['EPROTO', 'it answers 429', false]],
    [500, ['CONNECT_500', BACKEND, undefined]],
    [501, ['EPROTO', 'it answers 501', false]],
    [502, ['CONNECT_502', BACKEND, undefined]],
    [503, ['CONNECT_503', BACKEND, undefined]],
    [504, ['ETIMEDOUT', BACKEND, undefined]],
    [505, ['EPROTO', 'it answers 505', false]],
    [511, ['EPROTO', 'it answers 511', false]],
  ])('status %i of CONNECT means %j', async (status, expected) => {
    expect(await whyNot(proxy('http'), `HTTP/1.1 ${status} Words\r\nA: b\r\n\r\n`)).toEqual(expected)
  })

  it.each([401, 407])('status %i is about the credentials', async (status) => {
    const answer = `HTTP/1.1 ${status} No\r\n\r\n`
    expect(await whyNot(proxy('http'), answer)).toEqual(['EACCES', 'it asks for credentials', false])
    expect(await whyNot(proxy('http', CREDENTIALS), answer)).toEqual([
      'EACCES',
      'it refuses the credentials',
      false,
    ])
  })

  it('interim answers are skipped, but not without an end', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\n\r\n'
    const open = 'HTTP/1.1 200 OK\r\n\r\n'
    expect(await whyNot(proxy('http'), interim.repeat(8), open)).toBeUndefined()
    expect(await whyNot(proxy('http'), interim.repeat(9), open)).toEqual([
      'EPROTO',
      'too many interim answers',
      false,
    ])
  })
})

describe('a forward proxy that says too little', () => {
  it.each([
    ['timed-out', 'socks5', ['ETIMEDOUT', 'no answer', false]],
    ['ended', 'socks5', ['ECONNABORTED', 'it closed the connection', false]],
    ['timed-out', 'http', ['ETIMEDOUT', BACKEND, undefined]],
    ['ended', 'http', ['ECONNABORTED', 'it closed the connection', true]],
  ] as const)('%s at once, by %s', async (why, protocol, expected) => {
    const dialogue = new ScriptedDialogue()
    dialogue.ends = why
    const failure = await open(dialogue, proxy(protocol))
    expect([failure?.errno, failure?.via?.detail, failure?.via?.mayTryNext]).toEqual(expected)
  })

  it('a silence after the request counts against the backend, and a close lets the next one be tried', async () => {
    for (const [why, expected] of [
      ['timed-out', ['ETIMEDOUT', undefined]],
      ['ended', ['ECONNABORTED', true]],
    ] as const) {
      const dialogue = new ScriptedDialogue(NO_PASSWORD)
      dialogue.ends = why
      const failure = await open(dialogue, proxy('socks5'))
      expect([failure?.errno, failure?.via?.mayTryNext]).toEqual(expected)
    }
  })
})
