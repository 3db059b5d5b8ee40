/** Every row of docs/http-grammar.md: what millrace refuses, what it accepts, and what it forwards of it. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Body } from '../../../src/websocket/bodies/body.js'
import { forwardedHead } from '../../../src/websocket/forwarding/forward.js'
import { forwardedAnswer } from '../../../src/websocket/forwarding/forwarded-answer.js'
import type { Sender } from '../../../src/websocket/heads/fields.js'
import { readRequestHead } from '../../../src/websocket/heads/request-head.js'
import { readResponseHead } from '../../../src/websocket/heads/response-head.js'

const text = readFileSync(new URL('../../../docs/http-grammar.md', import.meta.url), 'utf8')

/** The parts of a message. A decision is about one of them. `–` in a row means that this side cannot send it. */
interface Message {
  readonly start?: string
  readonly fields?: string
  readonly body?: string
}

interface Decision {
  readonly client: readonly Message[]
  readonly backend: readonly Message[]
  /** What millrace forwards for each of them, if it accepts them. */
  readonly sent?: Message
}

const both = (...messages: Message[]): Pick<Decision, 'client' | 'backend'> => ({
  client: messages,
  backend: messages,
})
const fields = (...lines: string[]): Message[] => lines.map((line) => ({ fields: `${line}\r\n` }))
const chunked = (...bodies: string[]): Message[] => bodies.map((body) => ({ body }))
const GET = 'GET / HTTP/1.1\r\n'
const OK = 'HTTP/1.1 200 OK\r\n'
const ONE = '1\r\nx\r\n0\r\n\r\n'

/** In the order of the table. */
const DECISIONS: readonly Decision[] = [
  {
    client: [{ start: `\r\n${GET}` }, { start: `\r\n\r\n\r\n${GET}` }],
    backend: [{ start: `\r\n${OK}` }],
    sent: {},
  },
  both(...fields('X: a\nY: b'), ...chunked('1\nx\r\n0\r\n\r\n', '1\r\nx\n0\r\n\r\n', '1\r\nx\r\n0\n\r\n')),
  both(...fields('X: a\r\n b', 'X: a\r\n\tb')),
  both(...fields('X : a', 'Content-Length\t: 1')),
  both(...fields('X: a\0', 'X: \x1b', 'X: \x7f')),
  {
    client: [],
    backend: [{ start: 'HTTP/1.1 200\r\n' }],
    sent: { start: 'HTTP/1.1 200 \r\n' },
  },
  {
    client: [{ start: 'GET  / HTTP/1.1\r\n' }, { start: 'GET /\tHTTP/1.1\r\n' }, { start: ` ${GET}` }],
    backend: [{ start: 'HTTP/1.1  200 OK\r\n' }, { start: 'HTTP/1.1\t200 OK\r\n' }],
  },
  {
    client: [],
    backend: ['099', '600', '999', '20', '2000'].map((status) => ({ start: `HTTP/1.1 ${status} OK\r\n` })),
  },
  {
    ...both(
      ...fields('Content-Length: 5\r\ncontent-length: 5', 'Content-Length: 5, 5', 'Content-Length: 5 ,5'),
    ),
    sent: { fields: 'Content-Length: 5\r\n' },
  },
  both(...fields('Content-Length: 5\r\nContent-Length: 6', 'Content-Length: 5, 6', 'Content-Length: 5,')),
  {
    ...both(...fields('Content-Length: 05', 'Content-Length: 000000000000000000005')),
    sent: { fields: 'Content-Length: 5\r\n' },
  },
  both(...fields('Content-Length: 5\r\nTransfer-Encoding: chunked')),
  both(
    ...fields('Transfer-Encoding: gzip', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'),
    ...fields('Transfer-Encoding: gzip, chunked', 'Transfer-Encoding: identity'),
  ),
  {
    client: [],
    backend: ['100', '204', '304'].map((status) => ({
      start: `HTTP/1.1 ${status} \r\n`,
      fields: 'Content-Length: 5\r\nTransfer-Encoding: gzip\r\n',
    })),
  },
  both(...fields('Content-Length:\t5', 'Content-Length: 5\t')),
  {
    ...both(...chunked('0001\r\nx\r\n00\r\n\r\n', `${'0'.repeat(99)}1\r\nx\r\n0\r\n\r\n`)),
    sent: { body: ONE },
  },
  {
    ...both(...chunked('1 ;a\r\nx\r\n0\r\n\r\n', '1\t ;a\r\nx\r\n0\r\n\r\n')),
    sent: { body: '1;a\r\nx\r\n0\r\n\r\n' },
  },
  { ...both(...chunked('1; a\r\nx\r\n0\r\n\r\n', '1;a = b\r\nx\r\n0;a="b c"\r\n\r\n')), sent: { body: ONE } },
  { ...both(...chunked('1 \r\nx\r\n0\r\n\r\n', '1\t \r\nx\r\n0  \r\n\r\n')), sent: { body: ONE } },
  both(...chunked(' 1\r\nx\r\n0\r\n\r\n', '1\r\nx\r\n 0\r\n\r\n')),
  both(...chunked('0\r\nnonsense\r\n\r\n', '0\r\nX : a\r\n\r\n', '0\r\nX: a\r\n b\r\n\r\n')),
  {
    ...both(
      ...['Content-Length: 1', 'Host: a', 'Connection: x', 'X-Forwarded-For: 1', 'Set-Cookie: a'].map(
        (field) => ({ body: `1\r\nx\r\n0\r\n${field}\r\n\r\n` }),
      ),
    ),
    sent: { body: ONE },
  },
]

const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  .slice(1)

/** What millrace forwards for a message, or undefined if it refuses the message. */
function pass(sender: Sender, message: Message): { head: string; body: string } | undefined {
  const framing = message.body === undefined ? '' : 'Transfer-Encoding: chunked\r\n'
  const isClient = sender === 'client'
  const start = message.start ?? (isClient ? GET : OK)
  const host = isClient ? 'Host: a\r\n' : ''
  const bytes = Buffer.from(`${start}${host}${message.fields ?? framing}\r\n`, 'latin1')
  const facts = {
    clientHost: undefined,
    proto: 'http',
    mode: 'off',
    clientField: undefined,
    closes: true,
  } as const
  let head: Buffer
  let body: Body
  if (isClient) {
    const answer = readRequestHead(bytes)
    if (answer.kind !== 'match') return undefined
    const sent = forwardedHead(bytes, answer.value, facts)
    if (!Buffer.isBuffer(sent)) return undefined
    head = sent
    body = new Body(answer.value, sender)
  } else {
    const answer = readResponseHead(bytes)
    if (answer.kind !== 'match') return undefined
    head = forwardedAnswer(bytes, answer.value, 'final')
    body = new Body(answer.value, sender)
  }
  const { passed } = body.take(Buffer.from(message.body ?? '', 'latin1'))
  return body.isBroken ? undefined : { head: head.toString('latin1'), body: passed.toString('latin1') }
}

it('this test has messages for every row of docs/http-grammar.md', () => {
  expect(rows).toHaveLength(DECISIONS.length)
})

describe.each(rows.map((row, i) => ({ row, what: row[0], decision: DECISIONS[i]! })))(
  '$what',
  ({ row, what, decision }) => {
    it.each([
      ['client', row[2]!],
      ['backend', row[3]!],
    ] as const)(
      `docs/http-grammar.md says truly what becomes of "${what}" from a %s: %s`,
      (sender, verdict) => {
        const messages = decision[sender]
        expect(messages.length > 0).toBe(verdict !== '–')
        for (const message of messages) {
          const passed = pass(sender, message)
          if (verdict.startsWith('refused')) expect(passed, JSON.stringify(message)).toBeUndefined()
          else expect(passed, JSON.stringify(message)).toEqual(pass(sender, decision.sent ?? message))
        }
      },
    )

    it(`docs/http-grammar.md says for each side what becomes of "${what}"`, () => {
      for (const verdict of row.slice(2)) expect(verdict).toMatch(/^(–|refused|accepted|ignored)/)
    })
  },
)
