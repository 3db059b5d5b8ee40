/** Where bodies end, to the byte, in whatever pieces they come. A body never ends later than in node:http. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Body } from '../../../src/websocket/bodies/body.js'
import type { Sender } from '../../../src/websocket/heads/fields.js'
import { random } from '../../support/bytes.js'

const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const MUTATIONS = 300_000
const CHUNKED = { bodyKind: 'chunked', contentLength: 0 } as const

/** Gives the bytes to a chunked body, in pieces that end at `cuts`; returns what it takes and what it passes on. */
function take(text: string, cuts: readonly number[] = [], sender: Sender = 'client'): Outcome {
  const bytes = Buffer.from(text, 'latin1')
  const body = new Body(CHUNKED, sender)
  let taken = 0
  let passed = ''
  for (const [from, to] of [0, ...cuts].map((cut, i) => [cut, cuts[i] ?? bytes.length] as const)) {
    const piece = body.take(bytes.subarray(from, to))
    taken += piece.bytes
    passed += piece.passed.toString('latin1')
    if (body.isOver || body.isBroken) break
  }
  return { taken, passed, isOver: body.isOver, isBroken: body.isBroken }
}

/** In pieces, a broken line may be refused before its end, as soon as it cannot become a good one. */
const isSame = (whole: Outcome, inPieces: Outcome): boolean =>
  inPieces.passed === whole.passed &&
  inPieces.isOver === whole.isOver &&
  inPieces.isBroken === whole.isBroken &&
  (inPieces.taken === whole.taken || whole.isBroken)

interface Outcome {
  readonly taken: number
  readonly passed: string
  readonly isOver: boolean
  readonly isBroken: boolean
}

const GOOD: readonly [string, string][] = [
  ['no data', '0\r\n\r\n'],
  ['one chunk', '5\r\nhello\r\n0\r\n\r\n'],
  ['several chunks', '5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n'],
  [
    'sizes in hexadecimal, large and small',
    'a\r\n0123456789\r\nA\r\n0123456789\r\nF\r\n0123456789abcde\r\n0\r\n\r\n',
  ],
  ['extensions', '5;a=b;c="d"\r\nhello\r\n0;last\r\n\r\n'],
  ['a trailer', '5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n'],
  ['a trailer of ordinary fields', '5\r\nhello\r\n0\r\nETag: "a"\r\nX-Sum: b\r\nGrpc-Status: 0\r\n\r\n'],
  ['line ends in the data', '4\r\n\r\n\r\n\r\n0\r\n\r\n'],
]

/** What comes, and what is passed on. */
const MENDED: readonly [string, string, string, Sender?][] = [
  ['leading zeros', `${'0'.repeat(30)}5\r\nhello\r\n000\r\n\r\n`, '5\r\nhello\r\n0\r\n\r\n'],
  ['white space before an extension', '5 \t;a\r\nhello\r\n0 ;b\r\n\r\n', '5;a\r\nhello\r\n0;b\r\n\r\n'],
  ['an extension with white space', '5; a=b\r\nhello\r\n0;a =\t"b c"\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n'],
  ['padding', '5   \r\nhello\r\n0\t \r\n\r\n', '5\r\nhello\r\n0\r\n\r\n', 'backend'],
  ...[
    'Content-Length: 5',
    'transfer-encoding:chunked',
    'Content_Length: 5',
    'Trailer: x',
    'HOST: evil',
    'Connection: close',
    'Upgrade: websocket',
    'X-Forwarded-For: 6.6.6.6',
    'x_forwarded_proto: https',
    'X-Forwarded-Anything: 1',
    'Forwarded: for=6.6.6.6',
    'X-Real-IP: 6.6.6.6',
    'True-Client-IP: 6.6.6.6',
    'CF_Connecting-IP: 6.6.6.6',
    'Authorization: x',
    'Set-Cookie: x',
  ].map(
    (field) =>
      [
        `a trailer with ${field}`,
        `1\r\nx\r\n0\r\nA: b\r\n${field}\r\nC: d\r\n\r\n`,
        '1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n',
      ] as [string, string, string],
  ),
]

const BAD: readonly [string, string][] = [
  ['no size', '\r\nhello'],
  ['a size that is no number', 'g\r\n'],
  ['a negative size', '-1\r\n'],
  ['a size with 0x', '0x5\r\nhello\r\n'],
  ['a space before the size', ' 5\r\nhello\r\n'],
  ['a space behind the size', '5 \r\nhello\r\n'],
  ['a space inside the size', '1 0\r\nhello\r\n'],
  ['a size of 14 digits', '10000000000000\r\nhello\r\n'],
  ['a size without end', '0'.repeat(17_000)],
  ['LF alone behind the size', '5\nhello\r\n'],
  ['CR alone behind the size', '5\rhello'],
  ['more data than its size', '4\r\nhello\r\n'],
  ['LF alone behind the data', '5\r\nhello\n0\r\n\r\n'],
  ['LF alone in an extension', '5;a\nhello\r\n0\r\n\r\n'],
  ['a control byte in an extension', '5;\0\r\nhello\r\n0\r\n\r\n'],
  ['LF alone in the trailer', '0\r\nA: b\n\r\n'],
  ['CR alone in the trailer', '0\r\nA: b\rC: d\r\n\r\n'],
  ['a trailer without a colon', '0\r\nA: b\r\nnonsense\r\n\r\n'],
  ['a space before the colon of a trailer', '0\r\nX : a\r\n\r\n'],
  ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n'],
  ['white space before the trailer', '0\r\n A: b\r\n\r\n'],
  ['a trailer without a name', '0\r\n: b\r\n\r\n'],
  ['a control byte in the trailer', '0\r\nA: \0b\r\n\r\n'],
  ['a high byte in a name of the trailer', '0\r\n\xe9: b\r\n\r\n'],
  ['more than a hundred trailers', `0\r\n${'A:\r\n'.repeat(101)}`],
  ['extensions without end', `5;${'a'.repeat(17_000)}`],
  ['a trailer without end', `0\r\n${'A: b\r\n'.repeat(5000)}`],
]

describe('chunked bodies', () => {
  it.each(GOOD)('a chunked body with %s ends at its last byte, in whatever pieces it comes', (_, text) => {
    const more = `${text}GET / HTTP/1.1\r\n`
    const whole = { taken: text.length, passed: text, isOver: true, isBroken: false }
    expect(take(more)).toEqual(whole)
    for (let at = 0; at <= more.length; at++) expect(take(more, [at])).toEqual(whole)
    expect(
      take(
        more,
        [...more].map((_character, at) => at),
      ),
    ).toEqual(whole)
    for (let length = 0; length < text.length; length++) {
      const part = take(text.slice(0, length))
      expect(part).toMatchObject({ taken: length, isOver: false, isBroken: false })
      expect(text.slice(0, length).startsWith(part.passed)).toBe(true)
    }
  })

  it.each(MENDED)(
    'a chunked body with %s is passed on without it, in whatever pieces it comes',
    (_, text, mended, sender = 'client') => {
      for (const each of new Set([sender, 'backend'] as const)) {
        const whole = { taken: text.length, passed: mended, isOver: true, isBroken: false }
        for (let at = 0; at <= text.length; at++) expect(take(`${text}more`, [at], each)).toEqual(whole)
        expect(take(mended)).toMatchObject({ passed: mended, isOver: true })
      }
    },
  )

  it('a client may not put padding behind the size of a chunk', () => {
    expect(take('5 \r\nhello\r\n')).toMatchObject({ passed: '', isBroken: true })
  })

  it.each(BAD)('a chunked body with %s is refused, and the wrong line is not passed on', (_, text) => {
    const outcome = take(text)
    expect(outcome).toMatchObject({ isOver: false, isBroken: true })
    expect(text.startsWith(outcome.passed)).toBe(true)
    expect(outcome.passed).toMatch(/^$|\n$|^4\r\nhell$|^5\r\nhello$/)
    expect(
      take(
        text,
        [...text].slice(0, 100).map((_character, at) => at),
      ),
    ).toMatchObject({ isOver: false })
  })

  it(`a damaged chunked body ends at the same byte in whatever pieces it comes, MILLRACE_SEED=${SEED}`, () => {
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
      const inPieces = take(text, [below(text.length + 1)])
      if (!isSame(whole, inPieces)) expect(inPieces, JSON.stringify(text)).toEqual(whole)
      outcomes[whole.isOver ? 'over' : whole.isBroken ? 'broken' : 'open']++
    }
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(1000)
  })
})

describe('bodies of other kinds', () => {
  it('a body with a length ends after that many bytes', () => {
    const body = new Body({ bodyKind: 'length', contentLength: 5 }, 'client')
    expect([body.take(Buffer.from('abc')).bytes, body.isOver]).toEqual([3, false])
    expect([body.take(Buffer.from('defgh')), body.isOver]).toEqual([
      { bytes: 2, passed: Buffer.from('de') },
      true,
    ])
  })

  it('a body of no bytes is over at once', () => {
    expect(new Body({ bodyKind: 'none', contentLength: 0 }, 'client').isOver).toBe(true)
    expect(new Body({ bodyKind: 'length', contentLength: 0 }, 'client').isOver).toBe(true)
  })

  it('a body that ends with its connection is never over before', () => {
    const body = new Body({ bodyKind: 'close', contentLength: 0 }, 'backend')
    expect([body.take(Buffer.from('abc')).bytes, body.isOver, body.endsWithConnection]).toEqual([
      3,
      false,
      true,
    ])
  })
})

it('node:http ends every body that millrace passes on at the same byte as millrace', async () => {
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
  // All requests use one connection. A body that ended elsewhere would make nonsense of the next request.
  const bodies = [...GOOD, ...MENDED].map(([, text]) => take(text, [], 'backend').passed)
  for (const body of bodies) socket.write(Buffer.from(head + body, 'latin1'))
  let answers = ''
  for await (const chunk of socket) {
    answers += String(chunk)
    if (answers.split('HTTP/1.1 200 OK').length > bodies.length && answers.endsWith('\n')) break
  }
  socket.destroy()
  server.close()
  server.closeAllConnections()
  const sizes = answers.match(/^\d+$/gm)?.map(Number)
  expect(sizes).toEqual([0, 5, 11, 35, 5, 5, 5, 4, 5, 5, 5, 5, ...Array(MENDED.length - 4).fill(1)])
})
