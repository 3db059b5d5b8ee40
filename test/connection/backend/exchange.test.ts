/** A request and its answer, between two mock peers. */
import { expect, it } from 'vitest'
import { Exchange } from '../../../src/connection/backend/exchange.js'
import type { FirstRequest } from '../../../src/connection/opening/first-request.js'
import { type Dialogue, DialogueOver } from '../../../src/io/dialogue.js'
import { readRequestHead } from '../../../src/websocket/heads/request-head.js'

const POST = Buffer.from('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n')
const GET = Buffer.from('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
const ANSWER = Buffer.from('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n')

const requestOf = (original: Buffer): FirstRequest => {
  const answer = readRequestHead(original)
  if (answer.kind !== 'match') throw new Error('no request')
  return { head: answer.value, original, key: undefined }
}

it('a backend that reads only the head of a request may still answer it', async () => {
  const said: string[] = []
  let answerNow = (): void => {}
  const answered = new Promise<void>((resolve) => {
    answerNow = resolve
  })
  const client = {
    isBehind: false,
    unsaidBytes: 0,
    allow: () => {},
    during: (work: Promise<unknown>) => work,
    read: async () => Buffer.from('0123456789'),
    say: async (bytes: Buffer) => void said.push(bytes.toString()),
  } as unknown as Dialogue
  let heads = 0
  const backend = {
    isBehind: false,
    unsaidBytes: 10,
    allow: () => {},
    say: async () => {
      if (heads++ === 0) return
      setImmediate(answerNow)
      throw new DialogueOver(backend, 'broken', 'EPIPE')
    },
    look: async (parse: (bytes: Buffer) => unknown) => {
      await answered
      return parse(ANSWER)
    },
    socket: { read: () => ANSWER },
  } as unknown as Dialogue
  const moved = { bytesUp: 0, bytesDown: 0 }
  const options = { responseMs: 0, idleMs: 0, answered: () => {} }
  const exchange = new Exchange(client, backend, requestOf(POST), options, moved)
  expect(await exchange.run(POST)).toBe('finished')
  expect(said.join('')).toContain('413 Content Too Large')
  expect(moved).toEqual({ bytesUp: POST.length, bytesDown: ANSWER.length })
})

it('an exchange that its client breaks off counts the bytes of the answer that had gone', async () => {
  const head = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n')
  let said = 0
  const client = {
    isBehind: false,
    unsaidBytes: 0,
    allow: () => {},
    during: (work: Promise<unknown>) => work,
    say: async () => {
      if (said++ === 0) return
      client.unsaidBytes = 7
      throw new DialogueOver(client as unknown as Dialogue, 'broken', 'EPIPE')
    },
  }
  const backend = {
    isBehind: false,
    unsaidBytes: 0,
    allow: () => {},
    say: async () => {},
    look: async (parse: (bytes: Buffer) => unknown) => parse(head),
    read: async () => Buffer.from('0123456789'),
    socket: { read: () => head },
  }
  const moved = { bytesUp: 0, bytesDown: 0 }
  const options = { responseMs: 0, idleMs: 0, answered: () => {} }
  const [from, to] = [client as unknown as Dialogue, backend as unknown as Dialogue]
  const exchange = new Exchange(from, to, requestOf(GET), options, moved)
  await expect(exchange.run(GET)).rejects.toMatchObject({ errno: 'EPIPE' })
  expect(moved).toEqual({ bytesUp: GET.length, bytesDown: head.length + 3 })
})
