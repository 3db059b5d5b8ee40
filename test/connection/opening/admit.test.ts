/** Which address of a client behind a trusted proxy is checked, and when. The client has already said everything. */
import { describe, expect, it } from 'vitest'
import { type Address, formatAddress, packPeer } from '../../../src/address.js'
import type { ListenerInput } from '../../../src/config/listener-input.js'
import { validateConfig } from '../../../src/config/validate.js'
import { createListenerPolicy } from '../../../src/connection/listener-policy.js'
import { KnownClient } from '../../../src/connection/opening/known-client.js'
import { chooseCluster } from '../../../src/connection/opening/opening.js'
import { Refusal } from '../../../src/connection/refusal.js'
import { ScriptedDialogue } from '../scripted-dialogue.js'

const NAMED = 'PROXY TCP4 192.0.2.7 198.51.100.9 50000 443\r\n'
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.5\r\n\r\n'

interface Outcome {
  readonly outcome: string | undefined
  /** The addresses that were checked, in order. */
  readonly asked: readonly string[]
}

async function open(said: string, listener: Partial<ListenerInput>, barred?: string): Promise<Outcome> {
  const { listeners } = validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', cluster: 'back', ...listener }],
    clusters: { back: { backends: ['127.0.0.1:2'] } },
  })
  const needs = () => ({ isTold: true, isKeyedBySni: false, dialsBySni: false })
  const policy = createListenerPolicy(listeners[0]!, { firstBytesMs: 5000, routeMs: 5000 }, needs, undefined)!
  const asked: string[] = []
  const admit = (address: Address): 'rejected' | undefined => {
    const text = formatAddress(address)
    asked.push(text)
    return text === barred ? 'rejected' : undefined
  }
  const client = new KnownClient(
    policy,
    new ScriptedDialogue(said).asDialogue,
    packPeer(0x7f000001, 2),
    admit,
  )
  try {
    return { outcome: (await chooseCluster(client))?.cluster, asked }
  } catch (error) {
    return { outcome: error instanceof Refusal ? error.ending.cause : String(error), asked }
  }
}

describe('a listener with acceptProxy', () => {
  const acceptProxy = { from: ['127.0.0.1'], required: false }

  it('the client that a PROXY header names is checked once', async () => {
    expect(await open(NAMED, { acceptProxy })).toEqual({ outcome: 'back', asked: ['192.0.2.7:50000'] })
  })

  it('the client that a PROXY header names is refused if it may not come in', async () => {
    expect((await open(NAMED, { acceptProxy }, '192.0.2.7:50000')).outcome).toBe('rejected')
  })

  it('a trusted peer that sends no PROXY header is checked as a client', async () => {
    expect((await open('hello', { acceptProxy })).asked).toEqual(['127.0.0.1:2'])
  })

  it('a trusted proxy that speaks for itself, as health checks do, is not checked', async () => {
    expect(await open('PROXY UNKNOWN\r\n', { acceptProxy })).toEqual({ outcome: 'back', asked: [] })
  })

  it('a peer that is not trusted is not checked again, because it was checked at accept', async () => {
    expect((await open('hello', { acceptProxy: { ...acceptProxy, from: ['10.0.0.0/8'] } })).asked).toEqual([])
  })
})

describe('a listener with clientFrom', () => {
  const clientFrom = { field: 'X-Forwarded-For', trusted: ['127.0.0.1'] } as const

  it('the client that a request names is checked once, and the proxy in front is not', async () => {
    const { outcome, asked } = await open(REQUEST, { protocol: 'http', http: 'forward', clientFrom })
    expect([outcome, asked]).toEqual(['back', ['203.0.113.5:0']])
  })

  it('a trusted proxy whose request names nobody is not checked', async () => {
    const said = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
    const { outcome, asked } = await open(said, { protocol: 'http', http: 'forward', clientFrom })
    expect([outcome, asked]).toEqual(['back', []])
  })

  it('behind a PROXY header of a trusted proxy, only the client that the request names is checked', async () => {
    const trusted = ['127.0.0.1', '192.0.2.0/24']
    const { asked } = await open(`${NAMED}${REQUEST}`, {
      protocol: 'http',
      http: 'forward',
      acceptProxy: { from: ['127.0.0.1'] },
      clientFrom: { ...clientFrom, trusted },
    })
    expect(asked).toEqual(['203.0.113.5:0'])
  })
})
