/** Route functions that talk with their client before it has a backend, and what they say to clients that they reject. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import type { RouteFunction, Visitor } from '../../src/route/visitor.js'
import { Bed } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'
import { helloOf } from '../support/hello.js'

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

export function describeRouteTalks(): void {
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(async () => await bed.end())

  const start = async (route: RouteFunction, listener: Partial<ListenerInput> = {}, timeouts = {}) => {
    const front = { name: 'front', address: '127.0.0.1:0', route, ...listener }
    bed = await Bed.start({ backends: [backend], listeners: [front], timeouts })
  }

  it('a route function takes bytes that no backend gets, and greets the client first', async () => {
    await start(async ({ take, write }) => {
      await write(Buffer.from('who?\n'))
      const name = await take(3)
      await write(Buffer.from(`hello ${name}\n`))
      return 'back'
    })
    const client = await bed.connect()
    await client.receive(5)
    client.send(Buffer.from('bob the rest'))
    client.end()
    const peer = await backend.accepted()
    await peer.ended
    expect(peer.received.toString()).toBe(' the rest')
    peer.end()
    expect(await client.ended).toBe('fin')
    expect(client.received.toString()).toBe('who?\nhello bob\n')
  })

  it('takes that are not awaited come one after the other, and writes too', async () => {
    const seen: string[] = []
    await start(async ({ take, write }) => {
      void write(Buffer.from('a'))
      void write(Buffer.from('b'))
      seen.push(...(await Promise.all([take(2), take(3)])).map(String))
      return 'back'
    })
    const client = await bed.connect()
    client.send(Buffer.from('12345'))
    client.end()
    const peer = await backend.accepted()
    await peer.ended
    expect(seen).toEqual(['12', '345'])
    expect(peer.received.toString()).toBe('')
    peer.end()
    await client.ended
    expect(client.received.toString()).toBe('ab')
  })

  it('a route function answers a request for TLS and then sees the ClientHello', async () => {
    await start(async (visitor) => {
      expect(await visitor.take(8)).toEqual(SSL_REQUEST)
      await visitor.write(Buffer.from('S'))
      return visitor.reject((await visitor.clientHello())?.serverName)
    })
    const client = await bed.connect()
    client.send(SSL_REQUEST)
    await client.receive(1)
    client.send(await helloOf({ servername: 'db.test' }))
    expect((await bed.recorded(1))[0]!.ended.cause).toBe('rejected: db.test')
  })

  it.each<[string, Partial<ListenerInput>]>([
    ['a client', {}],
    ['a client of HTTP', { protocol: 'http' }],
  ])('%s that a route function rejects gets the answer, and then FIN', async (_, listener) => {
    await start((visitor) => visitor.reject('no', { answer: Buffer.from('-ERR no\r\n') }), listener)
    const client = await bed.connect()
    client.send(Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n'))
    expect(await client.ended).toBe('fin')
    expect(client.received.toString()).toBe('-ERR no\r\n')
    client.end()
    expect((await bed.recorded(1))[0]!.ended).toEqual({
      by: 'proxy',
      phase: 'opening',
      cause: 'rejected: no',
    })
  })

  it('the record has the beginning of a long reason', async () => {
    await start(({ reject }) => reject('x'.repeat(1000)))
    await bed.turnedAway()
    expect((await bed.recorded(1))[0]!.ended.cause).toBe(`rejected: ${'x'.repeat(300)}…`)
  })

  it('the signal of a visitor aborts when the client is gone', async () => {
    let asked: (visitor: Visitor) => void = () => {}
    const visitor = new Promise<Visitor>((resolve) => {
      asked = resolve
    })
    await start((given) => {
      asked(given)
      return new Promise(() => {})
    })
    const client = await bed.connect()
    const { signal } = await visitor
    expect(signal.aborted).toBe(false)
    client.reset()
    await bed.recorded(1)
    expect(signal.reason).toMatchObject({ name: 'AbortError', message: 'the client is gone' })
  })

  it('the signal of a visitor aborts when routeMs is over', async () => {
    let signal: AbortSignal | undefined
    await start(
      (visitor) => {
        signal = visitor.signal
        return new Promise(() => {})
      },
      {},
      { routeMs: 20 },
    )
    await bed.turnedAway()
    await bed.recorded(1)
    expect(signal!.reason).toMatchObject({ name: 'TimeoutError' })
  })

  it('a route function that has answered can neither take nor write any more', async () => {
    let visitor: Visitor | undefined
    await start((given) => {
      visitor = given
      void given.take(5)
      return 'back'
    })
    const client = await bed.connect()
    const peer = await backend.accepted()
    client.send(Buffer.from('hello'))
    client.end()
    await peer.ended
    expect(peer.received.toString()).toBe('hello')
    for (const late of [
      visitor!.take(1),
      visitor!.write(Buffer.from('x')),
      visitor!.peek(1),
      visitor!.clientHello(),
    ])
      await expect(late).rejects.toMatchObject({ code: 'wrong-state' })
    peer.end()
    await client.ended
    expect(client.received.toString()).toBe('')
  })

  it('a client that does not read what a route function writes is to blame', async () => {
    await start(
      async ({ write }) => {
        for (;;) await write(Buffer.alloc(65_536))
      },
      {},
      { firstBytesMs: 50, routeMs: 0 },
    )
    const client = await bed.connect()
    client.pause()
    expect((await bed.recorded(1))[0]!.ended).toMatchObject({ by: 'client', cause: 'first-bytes-timeout' })
  })

  it.each<[string, RouteFunction, Partial<ListenerInput>, RegExp]>([
    [
      'writes a text',
      async ({ write }) => void (await write('x' as never)),
      {},
      /write: bytes: expected a Buffer or Uint8Array, found "x"/,
    ],
    [
      'writes too much',
      async ({ write }) => void (await write(Buffer.alloc(65_537))),
      {},
      /65537 bytes are too many/,
    ],
    [
      'rejects for a number',
      ({ reject }) => reject(5 as never),
      {},
      /reject: reason: expected a text, found 5/,
    ],
    [
      'rejects with a text',
      ({ reject }) => reject('no', { answer: 'x' as never }),
      {},
      /reject: options.answer: expected a Buffer or Uint8Array, found "x": write Buffer.from\(text\)/,
    ],
    [
      'misspells an option of reject',
      ({ reject }) => reject('no', { anser: Buffer.from('x') } as never),
      {},
      /reject: options.anser: is no option: did you mean "answer"\?/,
    ],
    [
      'writes more than may wait',
      async ({ write }) => {
        void write(Buffer.alloc(65_000))
        await write(Buffer.alloc(1000))
      },
      {},
      /write: 1000 bytes are too many: at most 65536 may wait for the client, and 65000 bytes wait already/,
    ],
    [
      'takes a text',
      async ({ take }) => void (await take('4' as never)),
      {},
      /take: expected 1 to 16384 bytes, not "4"/,
    ],
    [
      'rejects and forgets the return',
      ({ reject }) => {
        reject('no')
        return 'back'
      },
      {},
      /reject\(\) was called and its result was not returned: write "return visitor\.reject\(…\)"/,
    ],
    [
      'rejects and returns nothing',
      async ({ reject }) => void reject('no'),
      { cluster: 'back' },
      /reject\(\) was called and its result was not returned/,
    ],
    [
      'throws its rejection',
      ({ reject }) => {
        throw reject('no')
      },
      {},
      /it threw the result of reject\(\): write "return visitor\.reject\(…\)"/,
    ],
    [
      'takes bytes of HTTP',
      async ({ take }) => void (await take(1)),
      { protocol: 'http' },
      /use protocol tcp/,
    ],
  ])('a route function that %s ends its client, and the log says why', async (_, route, listener, why) => {
    await start(route, listener)
    const client = await bed.connect().catch(() => undefined)
    client?.send(Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n'))
    expect((await bed.recorded(1))[0]!.ended.cause).toBe('route-failed')
    expect(await bed.told(/route function failed/)).toMatchObject({
      err: { message: expect.stringMatching(why) },
    })
  })
}
