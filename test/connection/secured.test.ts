/** A TLS handshake on a dialogue, with a mock handshake. */
import { Socket as NetSocket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { badTls, Refusal } from '../../src/connection/refusal.js'
import { secured } from '../../src/connection/secured.js'
import { Dialogue, DialogueOver } from '../../src/io/dialogue.js'
import { RunQueue } from '../../src/io/run-queue.js'
import type { Socket } from '../../src/io/socket.js'
import { StreamSocket } from '../../src/io/streams/stream-socket.js'
import { Sweep } from '../../src/io/sweep.js'
import type { TlsFacts } from '../../src/route/visitor.js'
import type { Handshake, Secured } from '../../src/tls/handshake.js'

const FACTS: TlsFacts = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  serverName: undefined,
  alpn: undefined,
  clientName: undefined,
}

let raw: NetSocket
let stream: TLSSocket
let cancelled: number
let succeed: (secured: Secured) => void
let fail: (error: Error) => void
let handshake: Handshake

beforeEach(() => {
  raw = new NetSocket()
  stream = new NetSocket() as TLSSocket
  cancelled = 0
  handshake = {
    done: new Promise((resolve, reject) => {
      succeed = resolve
      fail = reject
    }),
    cancel: () => {
      cancelled++
    },
  }
})
afterEach(() => {
  raw.destroy()
  stream.destroy()
})

const dialogueOn = (released: NetSocket | undefined): Dialogue => {
  const socket = {
    ready: 0,
    owner: undefined,
    error: undefined,
    awaitMore: () => {},
    release: () => released,
  }
  return new Dialogue(socket as unknown as Socket, new RunQueue(), new Sweep())
}

/** Begins the handshake. Resolves with `secured`, or with the error that was thrown. */
const begin = (dialogue: Dialogue): Promise<unknown> =>
  secured(dialogue, () => handshake, 0, badTls).then(
    () => 'secured',
    (error) => error,
  )

it('a dialogue goes on inside TLS after its handshake', async () => {
  const dialogue = dialogueOn(raw)
  const ended = begin(dialogue)
  succeed({ stream, facts: FACTS })
  expect(await ended).toBe('secured')
  expect(dialogue.socket).toBeInstanceOf(StreamSocket)
  expect(dialogue.socket).toMatchObject({ stream, below: raw })
  expect(cancelled).toBe(0)
})

it('a dialogue gets a new deadline after its handshake', async () => {
  const dialogue = dialogueOn(raw)
  const allow = vi.spyOn(dialogue, 'allow')
  const ended = secured(dialogue, () => handshake, 1234, badTls)
  expect(allow).not.toHaveBeenCalled()
  succeed({ stream, facts: FACTS })
  await ended
  expect(allow.mock.calls).toEqual([[1234]])
  dialogue.end()
})

it('a handshake that fails is cancelled, and the refusal has its reason', async () => {
  const ended = begin(dialogueOn(raw))
  fail(new Error('CERT_HAS_EXPIRED'))
  const refusal = await ended
  expect(refusal).toBeInstanceOf(Refusal)
  expect((refusal as Refusal).ending).toMatchObject({ cause: 'backend-tls: CERT_HAS_EXPIRED' })
  expect(cancelled).toBe(1)
})

it('a closed connection is refused instead of a handshake', async () => {
  expect(await begin(dialogueOn(undefined))).toMatchObject({
    ending: { cause: 'backend-tls: the connection is closed' },
  })
})

it.each(Array.from({ length: 12 }, (_, i) => i))(
  'a connection that ends %i microtasks after its handshake owns the TLS stream or has cancelled the handshake',
  async (moment) => {
    const dialogue = dialogueOn(raw)
    const ended = begin(dialogue)
    succeed({ stream, facts: FACTS })
    for (let i = 0; i < moment; i++) await null
    const isInside = dialogue.socket instanceof StreamSocket
    dialogue.end()
    const how = await ended
    expect(isInside ? how === 'secured' : how instanceof DialogueOver).toBe(true)
    expect([dialogue.socket instanceof StreamSocket, cancelled]).toEqual(isInside ? [true, 0] : [false, 1])
  },
)
