import { beforeEach, expect, test, vi } from 'vitest'
import { type Address, parseAddress } from '../../src/address.js'
import { Backend } from '../../src/cluster/backend.js'
import { Members } from '../../src/cluster/members.js'
import { quickHealth } from './cluster-rig.js'

const A = '10.0.0.1:80'
const B = '10.0.0.2:80'
const C = '10.0.0.3:80'

let members: Members
beforeEach(() => {
  members = new Members(({ address, weight }) => new Backend(address, weight, quickHealth()))
})

const given = (...addresses: string[]) => weighing(1, ...addresses)
const weighing = (weight: number, ...addresses: string[]) =>
  addresses.map((text) => ({ address: parseAddress(text) as Address, weight }))
const namesOf = (backends: readonly Backend[]) => backends.map(({ name }) => name)

test('the members of a cluster are those of its last list, each once, in its order and with its settings', () => {
  members.replace(given(A, B))
  members.replace([{ ...given(B)[0]!, weight: 3, setTo: 'maint' }, ...given(A, B)])
  expect(members.present).toMatchObject([
    { name: B, weight: 3, setTo: 'maint' },
    { name: A, weight: 1, setTo: 'up' },
  ])
})

test('the same list with other weights changes the weights and does not count as a new list', () => {
  expect(members.replace(given(A, B))).toBe(true)
  const before = members.present
  expect(members.replace(weighing(4, A, B))).toBe(false)
  expect(members.present).toBe(before)
  expect(members.present).toMatchObject([{ weight: 4 }, { weight: 4 }])
  expect(members.replace(given(B, A))).toBe(true)
  expect(namesOf(members.present)).toEqual([B, A])
})

test('a backend that stays or returns is the same object as before', () => {
  members.replace(given(A, B))
  const [a, b] = members.present
  members.replace(given(B, C))
  expect(members.present[0]).toBe(b)
  expect(members.find(A)).toBe(a)
  members.replace(given(A))
  expect(members.present).toEqual([a])
  expect(namesOf(members.left)).toEqual([B, C])
})

test('a retired cluster keeps its members until the next list, which clears their failures', () => {
  members.replace(given(A, B, C))
  const [a] = members.present
  a!.dialBegan()
  a!.dialFailed(a!.endpoints.current!, 'ECONNREFUSED', 0)
  members.retire()
  expect(namesOf(members.present)).toEqual([A, B, C])
  expect(a!.health.isDown(0)).toBe(true)
  expect(members.replace(given(A))).toBe(true)
  expect(members.present).toEqual([a])
  expect(a!.health.isDown(0)).toBe(false)
  expect(namesOf(members.left)).toEqual([B, C])
})

test("a cluster's members are in use while one of them, also one that left, has a connect or a connection", () => {
  members.replace(given(A))
  const [a] = members.present
  expect(members.isInUse).toBe(false)
  a!.dialBegan()
  expect(members.isInUse).toBe(true)
  members.replace(given(B))
  expect(members.isInUse).toBe(true)
  a!.dialSucceeded(0)
  expect(members.isInUse).toBe(true)
  a!.release()
  expect(members.isInUse).toBe(false)
})

test('the same list with another tier is another list', () => {
  members.replace(given(A, B))
  expect(members.replace([...given(A), { ...given(B)[0]!, tier: 1 }])).toBe(true)
  expect(members.present).toMatchObject([{ tier: 0 }, { tier: 1 }])
})

test('a backend that is added to others starts slowly, and the first backends of a cluster do not', () => {
  const slow: string[] = []
  const started = vi.spyOn(Backend.prototype, 'startSlowly').mockImplementation(function (this: Backend) {
    slow.push(this.name)
  })
  members.replace(given(A))
  expect(slow).toEqual([])
  members.replace(given(A, B))
  expect(slow).toEqual([B])
  started.mockRestore()
})

test('a cluster that was retired and serves again takes the same list for the same', () => {
  members.replace(given(A, B))
  members.retire()
  expect(members.replace(given(A, B))).toBe(true)
  expect(members.replace(given(A, B))).toBe(false)
})
