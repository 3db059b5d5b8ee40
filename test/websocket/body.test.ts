/** Where bodies end: to the byte, however they come, and never later than node:http thinks. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Body } from '../../src/websocket/body.js'
import { random } from '../support/bytes.js'

const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const MUTATIONS = 300_000
const CHUNKED = { bodyKind: 'chunked', contentLength: 0 } as const

/** What becomes of these bytes, given in pieces that end at `cuts`. */
function take(
  text: string,
  cuts: readonly number[] = [],
): { taken: number; isOver: boolean; isBroken: boolean } {
  const bytes = Buffer.from(text, 'latin1')
  const body = new Body(CHUNKED)
  let taken = 0
  for (const [from, to] of [0, ...cuts].map((cut, i) => [cut, cuts[i] ?? bytes.length] as const)) {
    taken += body.take(bytes.subarray(from, to))
    if (body.isOver || body.isBroken) break
  }
  return { taken, isOver: body.isOver, isBroken: body.isBroken }
}

const GOOD: readonly [string, string][] = [
  ['nothing', '0\r\n\r\n'],
  ['one chunk', '5\r\nhello\r\n0\r\n\r\n'],
  ['several', '5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n'],
  [
    'sizes in hexadecimal, large and small',
    'a\r\n0123456789\r\nA\r\n0123456789\r\n00f\r\n0123456789abcde\r\n0\r\n\r\n',
  ],
  ['extensions', '5;a=b;c="d"\r\nhello\r\n0;last\r\n\r\n'],
  ['a trailer', '5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n'],
  ['line ends in its data', '4\r\n\r\n\r\n\r\n0\r\n\r\n'],
]

const BAD: readonly [string, string][] = [
  ['no size', '\r\nhello'],
  ['a size that is none', 'g\r\n'],
  ['a negative size', '-1\r\n'],
  ['a size with 0x', '0x5\r\nhello\r\n'],
  ['a space before the size', ' 5\r\nhello\r\n'],
  ['a space behind it', '5 \r\nhello\r\n'],
  ['a size of 14 digits', '00000000000005\r\nhello\r\n'],
  ['LF alone behind the size', '5\nhello\r\n'],
  ['CR alone behind the size', '5\rhello'],
  ['more data than its size', '4\r\nhello\r\n'],
  ['LF alone behind the data', '5\r\nhello\n0\r\n\r\n'],
  ['LF alone in an extension', '5;a\nhello\r\n0\r\n\r\n'],
  ['a control byte in an extension', '5;\0\r\nhello\r\n0\r\n\r\n'],
  ['LF alone in the trailer', '0\r\nA: b\n\r\n'],
  ['CR alone in the trailer', '0\r\nA: b\rC: d\r\n\r\n'],
  ['extensions without end', `5;${'a'.repeat(17_000)}`],
  ['a trailer without end', `0\r\n${'A: b\r\n'.repeat(5000)}`],
]

describe('a chunked body of', () => {
  it.each(GOOD)('%s ends where it ends, in however many pieces it comes', (_, text) => {
    const more = `${text}GET / HTTP/1.1\r\n`
    const whole = { taken: text.length, isOver: true, isBroken: false }
    expect(take(more)).toEqual(whole)
    for (let at = 0; at <= more.length; at++) expect(take(more, [at])).toEqual(whole)
    expect(
      take(
        more,
        [...more].map((_character, at) => at),
      ),
    ).toEqual(whole)
    for (let length = 0; length < text.length; length++) {
      expect(take(text.slice(0, length))).toEqual({ taken: length, isOver: false, isBroken: false })
    }
  })

  it.each(BAD)('%s is broken', (_, text) => {
    expect(take(text)).toMatchObject({ isOver: false, isBroken: true })
    expect(
      take(
        text,
        [...text].slice(0, 100).map((_character, at) => at),
      ),
    ).toMatchObject({ isOver: false })
  })

  it(`mutations ends in one place, however it is cut, MILLRACE_SEED=${SEED}`, () => {
    const next = random(SEED)
    const below = (limit: number): number => Math.floor(next() * limit)
    const outcomes = { over: 0, broken: 0, open: 0 }
    for (let i = 0; i < MUTATIONS; i++) {
      let text = GOOD[below(GOOD.length)]![1]
      for (let left = below(4); left > 0; left--) {
        const at = below(text.length + 1)
        const put = '0159afg;\r\n \0'[below(12)]!
        text = text.slice(0, at) + (below(2) === 0 ? put : '') + text.slice(at + below(2))
      }
      const whole = take(text)
      const cut = below(text.length + 1)
      expect(take(text, [cut])).toEqual(whole)
      outcomes[whole.isOver ? 'over' : whole.isBroken ? 'broken' : 'open']++
    }
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(1000)
  })
})

describe('a body', () => {
  it('of a length is that long', () => {
    const body = new Body({ bodyKind: 'length', contentLength: 5 })
    expect([body.take(Buffer.from('abc')), body.isOver]).toEqual([3, false])
    expect([body.take(Buffer.from('defgh')), body.isOver]).toEqual([2, true])
  })

  it('of no bytes is over at once', () => {
    expect(new Body({ bodyKind: 'none', contentLength: 0 }).isOver).toBe(true)
    expect(new Body({ bodyKind: 'length', contentLength: 0 }).isOver).toBe(true)
  })

  it('that ends with its connection is never over before', () => {
    const body = new Body({ bodyKind: 'close', contentLength: 0 })
    expect([body.take(Buffer.from('abc')), body.isOver, body.endsWithConnection]).toEqual([3, false, true])
  })
})

it('node:http ends every good body where it is ended here', async () => {
  const server = createServer((request, response) => {
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    request.on('end', () => response.end(`${bytes}\n`))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
  // One connection, so a body that ended elsewhere would make the next request nonsense.
  for (const [, text] of GOOD) socket.write(head + text.slice(0, take(text).taken))
  let answers = ''
  for await (const chunk of socket) {
    answers += String(chunk)
    if (answers.split('HTTP/1.1 200 OK').length > GOOD.length && answers.endsWith('\n')) break
  }
  socket.destroy()
  server.close()
  server.closeAllConnections()
  expect(answers.match(/^\d+$/gm)?.map(Number)).toEqual([0, 5, 11, 35, 5, 5, 4])
})
