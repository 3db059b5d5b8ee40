/** Messages between the processes of an upgrade, which may be of other versions. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../src/errors.js'
import { readToPredecessor, readToSuccessor } from '../../src/upgrade/messages.js'

const READY = { kind: 'ready', protocol: 1, version: '0.1.0' }

describe.each([
  { name: 'readToSuccessor', read: readToSuccessor },
  { name: 'readToPredecessor', read: readToPredecessor },
])('$name', ({ read }) => {
  it('a message of another protocol is refused with both numbers', () => {
    expect(() => read({ ...READY, protocol: 7, version: '9.0.0' })).toThrow(
      'millrace 9.0.0 hands over by protocol 7, this version by 1: restart it instead',
    )
  })

  it('whatever comes is a message or a wrong-state error', () => {
    const kinds = fc.constantFrom('begin', 'state', 'left', 'ask', 'answer', 'ready', 'failed', 'serving')
    const messages = fc.oneof(
      fc.jsonValue(),
      fc.record({ kind: kinds, state: fc.jsonValue(), error: fc.jsonValue() }),
    )
    fc.assert(
      fc.property(messages, (message) => {
        try {
          expect(read(message)).toHaveProperty('kind')
        } catch (error) {
          expect(error).toBeInstanceOf(MillraceError)
        }
      }),
    )
  })
})

it('readToPredecessor ignores fields that it does not know', () => {
  expect(readToPredecessor({ ...READY, more: true })).toEqual(READY)
})
