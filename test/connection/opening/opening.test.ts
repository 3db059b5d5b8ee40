/** The order of an opening's steps. The client has already said everything. */
import { beforeEach, describe, expect, it } from 'vitest'
import { packPeer } from '../../../src/address.js'
import type { ListenerInput } from '../../../src/config/listener-input.js'
import { validateConfig } from '../../../src/config/validate.js'
import { createListenerPolicy } from '../../../src/connection/listener-policy.js'
import { KnownClient } from '../../../src/connection/opening/known-client.js'
import { chooseCluster } from '../../../src/connection/opening/opening.js'
import { Refusal } from '../../../src/connection/refusal.js'
import type { DialogueEnd } from '../../../src/io/dialogue.js'
import type { TlsTermination } from '../../../src/tls/tls-termination.js'
import { helloOf } from '../../support/hello.js'
import { startUpOf } from '../../support/postgres-packets.js'
import { ScriptedDialogue } from '../scripted-dialogue.js'

const FACTS = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' }

/** The server names for which a TLS handshake was begun. */
let accepted: unknown[]
beforeEach(() => {
  accepted = []
})

/** A mock whose handshakes all succeed. */
const termination = {
  accept: (_: unknown, serverName: unknown) => {
    accepted.push(serverName)
    return { done: Promise.resolve({ stream: {}, facts: FACTS }), cancel: () => {} }
  },
} as unknown as TlsTermination

function clientOf(dialogue: ScriptedDialogue, listener: Partial<ListenerInput>): KnownClient {
  const { listeners } = validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', cluster: 'back', ...listener }],
    clusters: { back: { backends: ['127.0.0.1:2'] }, nameless: { backends: ['127.0.0.1:3'] } },
  })
  const config = listeners[0]!
  // A listener whose TLS ends here acts as if its certificates were there.
  const policy = createListenerPolicy(
    config,
    { firstBytesMs: 5000, routeMs: 5000 },
    () => ({ isTold: true, isKeyedBySni: false, dialsBySni: false }),
    termination,
  )!
  return new KnownClient(policy, dialogue.asDialogue, packPeer(0x7f000001, 2), () => undefined)
}

/** The name of the chosen cluster. If no cluster was chosen, the cause. */
async function outcomeOf(client: KnownClient): Promise<string | undefined> {
  try {
    return (await chooseCluster(client))?.cluster
  } catch (error) {
    return error instanceof Refusal ? error.ending.cause : String(error)
  }
}

describe('a listener that accepts PROXY headers', () => {
  const HEADER = 'PROXY TCP4 192.0.2.7 198.51.100.9 50000 443\r\n'

  const open = async (said: string, acceptProxy: object, ends?: DialogueEnd) => {
    const dialogue = new ScriptedDialogue(said)
    dialogue.ends = ends
    const client = clientOf(dialogue, { acceptProxy: { from: ['127.0.0.1'], timeoutMs: 30, ...acceptProxy } })
    return { client, dialogue, outcome: await outcomeOf(client) }
  }

  it('a client that sends a PROXY header has timeoutMs for it, and firstBytesMs for the bytes after it', async () => {
    const { client, dialogue, outcome } = await open(`${HEADER}x`, {})
    expect([outcome, dialogue.left, dialogue.allowed]).toEqual(['back', 'x', [30, 5000]])
    expect(client.sender).toMatchObject({ host: '192.0.2.7' })
  })

  const optional = { required: false }
  const others = { from: ['192.0.2.0/24'] }
  it.each([
    ['sends no header is refused', 'GET /', {}, undefined, 'proxy-header: not a PROXY protocol header'],
    ['is silent is refused', '', {}, 'timed-out', 'proxy-header: too slow'],
    ['is not trusted is refused', HEADER, others, undefined, 'proxy-header: not from a trusted sender'],
    ['sends no header goes on if required is false', 'GET /', optional, undefined, 'back'],
    ['is silent goes on if required is false', '', optional, 'timed-out', 'back'],
    ['stops inside a header is refused', 'PROXY ', optional, 'timed-out', 'proxy-header: too slow'],
    ['ends inside a header is not refused', 'PROXY ', optional, 'ended', 'DialogueOver: ended'],
    ['is not trusted goes on if required is false', HEADER, { ...others, ...optional }, undefined, 'back'],
  ] as const)('with acceptProxy, a client that %s', async (_, said, acceptProxy, ends, expected) => {
    const { dialogue, outcome } = await open(said, acceptProxy, ends)
    expect([outcome, dialogue.left]).toEqual([expected, said])
  })
})

it.each([
  ['rejected', {}, /^bad-hello: /],
  ['sent to the cluster of onBadHello', { onBadHello: 'nameless' }, /^nameless$/],
])('a client that does not start with a ClientHello is %s', async (_, listener, expected) => {
  const client = clientOf(new ScriptedDialogue('GET / HTTP/1.1\r\n\r\n'), { onNoSni: 'reject', ...listener })
  expect(await outcomeOf(client)).toMatch(expected)
})

it('a client that names no server is rejected by onNoSni "reject" before its TLS handshake', async () => {
  const client = clientOf(new ScriptedDialogue(await helloOf({})), { onNoSni: 'reject' })
  expect(await outcomeOf(client)).toBe('no-sni')
  expect(accepted).toEqual([])
})

it('a client that names no server gets its TLS handshake before the cluster of `onNoSni`', async () => {
  const dialogue = new ScriptedDialogue(await helloOf({}))
  const client = clientOf(dialogue, { onNoSni: 'nameless' })
  expect(await chooseCluster(client)).toMatchObject({ cluster: 'nameless' })
  expect(accepted).toEqual([undefined])
  expect(client.tls).toEqual(FACTS)
})

it('a Postgres client that asks for no TLS gets no handshake', async () => {
  const dialogue = new ScriptedDialogue(startUpOf({ user: 'app' }))
  const client = clientOf(dialogue, { startTls: 'postgres' })
  expect(await chooseCluster(client)).toMatchObject({ cluster: 'back' })
  expect([accepted, client.tls]).toEqual([[], undefined])
  expect(client.startUp).toMatchObject({ user: 'app' })
})

it('the opening looks for a ClientHello once, also after its TLS has ended here', async () => {
  const dialogue = new ScriptedDialogue(await helloOf({ servername: 'a.test' }))
  const client = clientOf(dialogue, { onNoSni: 'nameless' })
  await chooseCluster(client)
  const { looks } = dialogue
  expect(await client.readHello()).toMatchObject({ serverName: 'a.test' })
  expect(dialogue.looks).toBe(looks)
})

describe('with TLS that ends here, and a route with speaks', () => {
  const listener = {
    routes: [
      { speaks: ['ssh', 'proxy'], cluster: 'nameless' },
      { source: '127.0.0.1', cluster: 'back' },
    ],
  }
  const open = async (said: Buffer | string, more: Partial<ListenerInput> = {}) => {
    const client = clientOf(new ScriptedDialogue(said), { onNoSni: 'back', ...listener, ...more })
    return { outcome: await outcomeOf(client), client }
  }

  it('a client that speaks TLS gets its handshake', async () => {
    const { outcome, client } = await open(await helloOf({ servername: 'a.test' }))
    expect([outcome, accepted, client.tls]).toEqual(['back', ['a.test'], FACTS])
  })

  it('a client that speaks what a route names passes through as it is', async () => {
    expect((await open('SSH-2.0-x\r\n')).outcome).toBe('nameless')
    expect(accepted).toEqual([])
  })

  it('a client in the clear gets no route without speaks, and no cluster of the listener', async () => {
    expect((await open('GET / HTTP/1.1\r\n')).outcome).toBe('bad-hello: not TLS')
    expect((await open('GET / HTTP/1.1\r\n', { onBadHello: 'nameless' })).outcome).toBe('nameless')
    expect(accepted).toEqual([])
  })
})
