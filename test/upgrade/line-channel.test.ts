/** The channel between the processes of an upgrade: JSON in lines, whatever the other side sends. */
import { PassThrough } from 'node:stream'
import { finished } from 'node:stream/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineChannel } from '../../src/upgrade/line-channel.js'

/** What the channel tells about these chunks. */
async function read(chunks: readonly (Buffer | string)[], mostBytes?: number) {
  const socket = new PassThrough()
  const messages: unknown[] = []
  const ends: (string | undefined)[] = []
  const hooks = {
    message: (message: unknown) => messages.push(message),
    closed: (why: string | undefined) => ends.push(why),
  }
  new LineChannel(socket, hooks, mostBytes)
  for (const chunk of chunks) if (!socket.destroyed) socket.write(chunk)
  if (!socket.destroyed) socket.end()
  await finished(socket).catch(() => {})
  return { messages, ends }
}

/** The same bytes in pieces of these lengths. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  let from = 0
  for (const length of lengths) {
    pieces.push(bytes.subarray(from, from + length))
    from += length
  }
  return [...pieces, bytes.subarray(from)]
}

describe('LineChannel', () => {
  it('reads every message that another channel has sent, in whatever pieces it comes', async () => {
    const values = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 5 })
    const lengths = fc.array(fc.nat(40), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(values, lengths, async (sent, pieces) => {
        const wire = new PassThrough()
        const channel = new LineChannel(wire, { message: () => {}, closed: () => {} })
        const written: Buffer[] = []
        wire.on('data', (chunk: Buffer) => written.push(chunk))
        await Promise.all(sent.map((message) => channel.send(message)))
        const { messages, ends } = await read(cut(Buffer.concat(written), pieces))
        expect(messages).toEqual(JSON.parse(JSON.stringify(sent)))
        expect(ends).toEqual([undefined])
      }),
      { numRuns: 50 },
    )
  })

  it.each([['garbage\n{}\n'], ['\n'], ['{"a":1}{"b":2}\n'], [Buffer.from([0xff, 0xfe, 10])]])(
    'ends at %j, which is no message, and says so once',
    async (bytes) => {
      const { messages, ends } = await read([bytes])
      expect(messages).toEqual([])
      expect(ends).toEqual(['it sent something that is no message'])
    },
  )

  it('ends at a message that is too long, and keeps no more of it', async () => {
    const { messages, ends } = await read(['{"kind":1}\n', '[', '1'.repeat(50), '1'.repeat(60), ']\n'], 100)
    expect(messages).toEqual([{ kind: 1 }])
    expect(ends).toEqual(['it sent a message of more than 100 bytes'])
  })

  it('a message to a channel that is closed is dropped', async () => {
    const socket = new PassThrough()
    const channel = new LineChannel(socket, { message: () => {}, closed: () => {} })
    socket.destroy()
    await expect(channel.send({ kind: 'left' })).resolves.toBeUndefined()
  })
})
