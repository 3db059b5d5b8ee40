/** A connect to one address of a backend, and to no other. */
import { beforeEach, expect, test, vi } from 'vitest'
import { type Address, parseAddress, type ResolvedAddress } from '../../src/address.js'
import { Backend } from '../../src/cluster/backend.js'
import { dialAt } from '../../src/cluster/dial-at.js'
import { quickHealth } from './cluster-rig.js'
import { ScriptedEngine } from './scripted-engine.js'

const ADDRESS = '127.0.0.1:80'

let engine: ScriptedEngine
let backend: Backend
beforeEach(() => {
  engine = new ScriptedEngine()
  backend = new Backend(parseAddress('localhost:80') as Address, 1, quickHealth())
})

function dial(done = vi.fn()) {
  const succeeded = (to: Backend): void => void to.dialSucceeded(0)
  const at = { backend, address: parseAddress(ADDRESS) as ResolvedAddress }
  return { done, dialling: dialAt({ engine, succeeded }, at, { connectMs: 1000 }, done) }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a dial to one address counts at its backend like any other', async () => {
  const { done } = dial()
  expect(backend).toMatchObject({ dialling: 1, active: 0 })
  expect(done).not.toHaveBeenCalled()
  await turn()
  expect(done.mock.calls).toMatchObject([[{ backend, address: parseAddress(ADDRESS), retries: 0 }]])
  expect(backend).toMatchObject({ dialling: 0, active: 1 })
})

test('a dial to one address that fails tries no other, and its backend does not rest', async () => {
  engine.outcomes.set(ADDRESS, 'ECONNREFUSED')
  const { done } = dial()
  await turn()
  expect(done.mock.calls).toEqual([[{ error: 'ECONNREFUSED', backend, retries: 0 }]])
  expect(backend).toMatchObject({ dialling: 0, active: 0 })
  expect([backend.health.isDown(0), backend.health.failures]).toEqual([false, 0])
  expect(engine.dialled).toEqual([ADDRESS])
})

test('a dial to one address that is cancelled gives up its connect and never calls done', async () => {
  engine.outcomes.set(ADDRESS, 'never')
  const { done, dialling } = dial()
  dialling.cancel()
  engine.settle(ADDRESS, '')
  expect(engine.cancelled).toBe(1)
  expect(backend).toMatchObject({ dialling: 0, active: 0 })
  expect(done).not.toHaveBeenCalled()
})
