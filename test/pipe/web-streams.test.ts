/** Web streams as ends of a pipe: bytes, backpressure, ends, resets and faults pass as with other streams. */
import { once } from 'node:events'
import { type Duplex, duplexPair } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { TransformStream } from 'node:stream/web'
import { describe, expect, test } from 'vitest'
import { type MillraceError, type PipeEnd, pipe } from '../../src/index.js'
import { difference, pattern } from '../support/bytes.js'
import { settled } from '../support/wait.js'

type Chunks = TransformStream<unknown, unknown>

/** A pair for `pipe`, what feeds its `readable`, and what reads its `writable`. */
function web() {
  const [incoming, outgoing]: [Chunks, Chunks] = [new TransformStream(), new TransformStream()]
  return {
    end: { readable: incoming.readable, writable: outgoing.writable } as unknown as PipeEnd,
    writer: incoming.writable.getWriter(),
    reader: outgoing.readable.getReader(),
    outgoing: outgoing.readable,
  }
}

function joined() {
  const [far, near] = duplexPair() as [Duplex, Duplex]
  far.on('error', () => {})
  const { end, writer, reader } = web()
  writer.closed.catch(() => {})
  return { far, near, writer, reader, running: pipe(end, near) }
}

describe('pipe() with Web streams', () => {
  test('carries bytes both ways, and passes each end on by itself', async () => {
    const { far, writer, reader, running } = joined()
    const up = pattern(1, 300_000)
    const received: Buffer[] = []
    far.on('data', (chunk: Buffer) => received.push(chunk))
    const ended = once(far, 'end')
    for (let at = 0; at < up.length; at += 50_000) await writer.write(up.subarray(at, at + 50_000))
    await writer.close()
    await ended
    expect(difference(Buffer.concat(received), up)).toBeUndefined()
    const down = pattern(2, 300_000)
    far.end(down)
    const chunks: Uint8Array[] = []
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      chunks.push(value as Uint8Array)
    }
    expect(difference(Buffer.concat(chunks), down)).toBeUndefined()
    expect(await running).toMatchObject({
      bytesUp: 300_000,
      bytesDown: 300_000,
      client: undefined,
      ended: { by: 'client', cause: 'finished' },
    })
  })

  test('joins two pairs of Web streams', async () => {
    const [a, b] = [web(), web()]
    const running = pipe(a.end, b.end)
    await Promise.all([a.writer.write(Buffer.from('up')), b.writer.write(Buffer.from('down'))])
    const [atB, atA] = await Promise.all([b.reader.read(), a.reader.read()])
    expect([atB, atA].map(({ value }) => Buffer.from(value as Uint8Array).toString())).toEqual(['up', 'down'])
    await Promise.all([a.writer.close(), b.writer.close(), a.reader.read(), b.reader.read()])
    expect((await running).ended.cause).toBe('finished')
  })

  test('takes no more than the buffers hold while `writable` is not read', async () => {
    const { far, running } = joined()
    for (let i = 0; i < 100; i++) far.write(Buffer.alloc(64 * 1024))
    await settled(() => running.totals().receivedDown)
    expect(running.totals().receivedDown).toBeLessThan(1024 * 1024)
    running.close()
    await running
  })

  test('gives a sink memory that it may transfer', async () => {
    const { far, reader, running } = joined()
    far.write(Buffer.from('pooled'))
    const { value } = (await reader.read()) as { value: Uint8Array }
    expect(Buffer.from(structuredClone(value, { transfer: [value.buffer as ArrayBuffer] })).toString()).toBe(
      'pooled',
    )
    running.close()
    await running
  })

  test('ends with FIN both ways at close()', async () => {
    const { far, reader, running } = joined()
    const end = buffer(far)
    running.close()
    expect((await end).length).toBe(0)
    expect((await reader.read()).done).toBe(true)
    expect((await running).ended.cause).toBe('ordered')
  })

  test('aborts `writable` and cancels `readable` when the other side is reset', async () => {
    const { near, writer, reader, running } = joined()
    const aborted = expect(reader.read()).rejects.toMatchObject({ code: 'ECONNRESET' })
    const cancelled = expect(writer.closed).rejects.toMatchObject({ code: 'ECONNRESET' })
    near.destroy(new Error('gone'))
    expect((await running).ended).toMatchObject({ by: 'backend', cause: 'reset' })
    await Promise.all([aborted, cancelled])
  })

  test.each<[string, (streams: ReturnType<typeof joined>) => void, unknown]>([
    ['`readable` fails', ({ writer }) => void writer.abort(new Error('boom')), { message: 'boom' }],
    ['`readable` fails with no error', ({ writer }) => void writer.abort(5), { cause: 5 }],
    ['`writable` is cancelled', ({ reader }) => void reader.cancel(new Error('boom')), { message: 'boom' }],
    [
      'a chunk is text',
      ({ writer }) => void writer.write('text').catch(() => {}),
      { message: 'a Web stream gave a chunk that is no Uint8Array: "text"' },
    ],
    [
      'a chunk is undefined',
      ({ writer }) => void writer.write(undefined).catch(() => {}),
      {
        message: expect.stringContaining('no Uint8Array: undefined'),
      },
    ],
  ])('says reset by that side if %s', async (_, act, error) => {
    const streams = joined()
    act(streams)
    const { ended } = await streams.running
    expect(ended).toMatchObject({ by: 'client', cause: 'reset', error })
  })

  test('skips empty chunks', async () => {
    const { far, writer, running } = joined()
    const received = buffer(far)
    for (const chunk of ['', '', 'x', '']) await writer.write(Buffer.from(chunk))
    await writer.close()
    expect((await received).toString()).toBe('x')
    running.close()
    await running
  })
})

describe('pipe() refuses', () => {
  const refusal = (client: unknown, backend: unknown): MillraceError => {
    try {
      pipe(client as PipeEnd, backend as PipeEnd).close()
    } catch (error) {
      return error as MillraceError
    }
    return expect.unreachable('pipe took these streams')
  }
  const locked = (): TransformStream => {
    const stream = new TransformStream()
    stream.readable.getReader()
    return stream
  }

  test.each<[string, unknown, string]>([
    ['a locked stream', locked(), 'client: has a readable that is locked: release its reader'],
    [
      'a pair that is none',
      { readable: {}, writable: {} },
      'client: has a readable that is no ReadableStream',
    ],
    [
      'half a pair',
      { readable: new TransformStream().readable },
      'client: expected a socket, another Duplex',
    ],
  ])('%s, and leaves the other stream alone', (_, client, message) => {
    const other = new TransformStream()
    expect(refusal(client, other)).toMatchObject({
      code: 'bad-argument',
      message: expect.stringContaining(message),
    })
    expect([other.readable.locked, other.writable.locked]).toEqual([false, false])
  })

  test('two pairs with a stream in common, and a pair that a pipe has', async () => {
    const { readable, writable } = new TransformStream()
    expect(refusal({ readable, writable }, { readable, writable }).message).toContain('is the same stream')
    const pair = { readable, writable } as unknown as PipeEnd
    const running = pipe(pair, duplexPair()[0])
    expect(refusal(pair, duplexPair()[0]).message).toContain('locked')
    running.close()
    await running
  })
})
