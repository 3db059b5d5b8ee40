/** A request and its answer, between two peers that do what a test says. */
import { expect, it } from 'vitest'
import { Exchange } from '../../../src/connection/backend/exchange.js'
import type { FirstRequest } from '../../../src/connection/opening/first-request.js'
import { type Dialogue, DialogueOver } from '../../../src/io/dialogue.js'
import { readRequestHead } from '../../../src/websocket/heads/request-head.js'

const POST = Buffer.from('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n')
const ANSWER = Buffer.from('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n')

const requestOf = (original: Buffer): FirstRequest => {
  const answer = readRequestHead(original)
  if (answer.kind !== 'match') throw new Error('no request')
  return { head: answer.value, original, key: undefined }
}

it('a backend that reads no further than the head may answer all the same', async () => {
  const said: string[] = []
  let answerNow = (): void => {}
  const answered = new Promise<void>((resolve) => {
    answerNow = resolve
  })
  const client = {
    isBehind: false,
    allow: () => {},
    during: (work: Promise<unknown>) => work,
    read: async () => Buffer.from('0123456789'),
    say: async (bytes: Buffer) => void said.push(bytes.toString()),
  } as unknown as Dialogue
  let heads = 0
  const backend = {
    isBehind: false,
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
