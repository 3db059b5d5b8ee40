/** Which side and which cause the record names if a wait for a peer fails. */
import { expect, it } from 'vitest'
import { endingOf } from '../../src/connection/refusal.js'
import { type Dialogue, DialogueOver } from '../../src/io/dialogue.js'

const client = {} as Dialogue
const backend = {} as Dialogue

it.each([
  ['client', 'timed-out', 'opening', 'first-bytes-timeout'],
  ['client', 'timed-out', 'response', 'idle-timeout'],
  ['client', 'timed-out', 'data', 'idle-timeout'],
  ['backend', 'timed-out', 'response', 'response-timeout'],
  ['backend', 'timed-out', 'data', 'idle-timeout'],
  ['client', 'ended', 'opening', 'client-gone'],
  ['client', 'broken', 'response', 'client-gone'],
  ['client', 'broken', 'data', 'reset'],
  ['backend', 'broken', 'response', 'backend-gone'],
  ['backend', 'broken', 'data', 'reset'],
] as const)('the record of a %s with "%s" in the phase %s has the cause %s', (by, why, phase, cause) => {
  const over = new DialogueOver(by === 'client' ? client : backend, why)
  expect(endingOf(over, backend, phase)).toEqual({ by, phase, cause })
})

it('the record has the errno of a connection that broke', () => {
  const over = new DialogueOver(client, 'broken', 'ECONNRESET')
  expect(endingOf(over, backend, 'opening')).toMatchObject({ cause: 'client-gone', errno: 'ECONNRESET' })
})

it('the record of an ordered end has the cause of the order, whichever side millrace waited for', () => {
  for (const at of [client, backend]) {
    const over = new DialogueOver(at, 'cancelled')
    expect(endingOf(over, backend, 'data', 'drained')).toEqual({
      by: 'proxy',
      phase: 'data',
      cause: 'drained',
    })
  }
})
