/** The key of a session is found however the server's bytes are cut, and no other bytes are taken for a key. */
import { describe, expect, it } from 'vitest'
import { KeyWatch } from '../../src/postgres/key-watch.js'
import { message, welcome } from '../support/postgres-packets.js'

const key = Buffer.from([9, 8, 7, 6])

/** Shows `bytes` to a watch in pieces of `size`. Returns what it found, and how many bytes it wanted to see. */
function watch(bytes: Buffer, size = bytes.length): { found: string[]; seen: number } {
  const found: string[] = []
  const watching = new KeyWatch((session) => found.push(session))
  for (let at = 0; at < bytes.length; at += size) {
    if (watching.show(bytes.subarray(at, at + size)))
      return { found, seen: Math.min(bytes.length, at + size) }
  }
  return { found, seen: Number.POSITIVE_INFINITY }
}

describe('the key of a session', () => {
  it.each([1, 2, 3, 5, 8, 1000])('the key of a session is found in pieces of %i bytes', (size) => {
    expect(watch(welcome(5, key), size).found).toEqual(['0000000509080706'])
  })

  it.each([1, 256])('the key of a session may have %i bytes', (bytes) => {
    expect(watch(welcome(5, Buffer.alloc(bytes, 1))).found).toEqual([`00000005${'01'.repeat(bytes)}`])
  })

  it.each<[string, Buffer]>([
    ['an error', message('E', Buffer.from('SFATAL\0\0'))],
    ['ReadyForQuery without a key', message('Z', Buffer.from('I'))],
    ['another protocol', Buffer.from('HTTP/1.1 200 OK\r\n')],
    ['a key that is too long', message('K', Buffer.alloc(261))],
    ['a key message without a key', message('K', Buffer.alloc(4))],
    ['a message of length 0', Buffer.from([0x52, 0, 0, 0, 3, 0])],
    ['a message without an end', Buffer.from([0x52, 0xff, 0xff, 0xff, 0xff])],
  ])('the key of a session is not looked for behind %s', (_, bytes) => {
    const { found, seen } = watch(Buffer.concat([bytes, welcome(5, key)]), 1)
    expect(found).toEqual([])
    expect(seen).toBeLessThanOrEqual(Math.max(5, bytes.length))
  })

  it('the key of a session is not looked for behind endless notices', () => {
    const notices = Buffer.concat(Array(20).fill(message('N', Buffer.alloc(60_000))))
    const { found, seen } = watch(Buffer.concat([notices, welcome(5, key)]), 10_000)
    expect(found).toEqual([])
    expect(seen).toBeLessThan(notices.length)
  })
})
