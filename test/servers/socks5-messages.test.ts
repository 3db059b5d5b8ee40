/** The readers of SOCKS5 messages: pure, and not to be confused by hostile bytes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Answer } from '../../src/peek/answer.js'
import { readGreeting, readPassword, readRequest } from '../../src/servers/socks5-messages.js'

const MOST_BYTES = 513

describe.each<[string, (bytes: Buffer) => Answer<unknown>]>([
  ['readGreeting', readGreeting],
  ['readPassword', readPassword],
  ['readRequest', readRequest],
])('%s', (_, read) => {
  const message = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    fc.uint8Array({ maxLength: 600 }).map((rest) => Uint8Array.from([5, 1, 0, 3, ...rest])),
    fc.uint8Array({ maxLength: 600 }).map((rest) => Uint8Array.from([1, ...rest])),
  )

  it('says the same of a message whether bytes come alone or together, and takes no byte too much', () => {
    fc.assert(
      fc.property(message, (given) => {
        const bytes = Buffer.from(given)
        const whole = read(bytes)
        for (let length = 0; length <= bytes.length; length++) {
          const part = read(bytes.subarray(0, length))
          if (part.kind === 'need-more') continue
          expect(part).toEqual(whole)
          if (part.kind === 'match') expect(part.bytes).toBe(length)
          return
        }
        expect(whole.kind).toBe('need-more')
        expect(bytes.length).toBeLessThan(MOST_BYTES)
      }),
    )
  })
})
