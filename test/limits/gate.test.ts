import { expect, it } from 'vitest'
import { packPeer } from '../../src/address.js'
import { Gate, type GateCheck } from '../../src/limits/gate.js'

const CLIENT = packPeer(0x0a000001, 1234)

const check = (scope: string, refused: boolean, isDryRun = false): GateCheck => ({
  scope,
  isDryRun,
  refuses: () => (refused ? `rejected: ${scope}` : undefined),
})

it('a gate without checks lets every client in', () => {
  expect(new Gate([]).refuses(CLIENT)).toBeUndefined()
})

it('a gate gives the cause of the first check that refuses, and asks no further check', () => {
  const asked: string[] = []
  const gate = new Gate(
    [check('process', false), check('listener/a', true), check('listener/b', true)],
    ({ scope }, cause) => asked.push(`${scope} ${cause}`),
  )
  expect(gate.refuses(CLIENT)).toBe('rejected: listener/a')
  expect(asked).toEqual(['listener/a rejected: listener/a'])
})

it('a check in a dry run turns nobody away, and is told once, when the client has come in', () => {
  const told: string[] = []
  const checks = [check('process', true, true), check('listener/a', false), check('listener/b', true, true)]
  const gate = new Gate(checks, ({ scope }, _, client) => told.push(`${scope} ${client}`))
  expect([gate.refuses(CLIENT), gate.refuses(CLIENT), told.length]).toEqual([undefined, undefined, 0])
  gate.letIn(CLIENT)
  expect(told).toEqual([`process ${CLIENT}`, `listener/b ${CLIENT}`])
})

it('a check behind one in a dry run turns clients away', () => {
  const gate = new Gate([check('process', true, true), check('listener/a', true)])
  expect(gate.refuses(CLIENT)).toBe('rejected: listener/a')
})
