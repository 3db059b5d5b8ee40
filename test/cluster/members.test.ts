import { beforeEach, expect, test } from 'vitest'
import { type Address, parseAddress } from '../../src/address.js'
import { Backend } from '../../src/cluster/backend.js'
import { BackOff } from '../../src/cluster/health/back-off.js'
import { Members } from '../../src/cluster/members.js'

const A = '10.0.0.1:80'
const B = '10.0.0.2:80'
const C = '10.0.0.3:80'

let members: Members
beforeEach(() => {
  members = new Members(({ address, weight }) => new Backend(address, weight, new BackOff()))
})

const given = (...addresses: string[]) => weighing(1, ...addresses)
const weighing = (weight: number, ...addresses: string[]) =>
  addresses.map((text) => ({ address: parseAddress(text) as Address, weight }))
const namesOf = (backends: readonly Backend[]) => backends.map(({ name }) => name)

test('the members of a cluster are those of all sources, in the order in which the sources first came', () => {
  members.provide('config', given(A))
  members.provide('names', given(B))
  members.provide('config', given(A, C))
  expect(namesOf(members.present)).toEqual([A, C, B])
})

test('a source takes nothing away that another has given', () => {
  members.provide('names', given(B, C))
  members.provide('config', given(A, B))
  members.provide('config', given(A))
  expect(namesOf(members.present)).toEqual([B, C, A])
  members.provide('names', [])
  expect([namesOf(members.present), namesOf(members.left)]).toEqual([[A], [B, C]])
})

test('a backend that two sources give is one, with the weight that the first says', () => {
  members.provide('config', weighing(3, A))
  expect(members.provide('names', weighing(5, A))).toBe(false)
  expect(members.present).toMatchObject([{ name: A, weight: 3 }])
  expect(members.provide('config', [])).toBe(false)
  expect(members.present).toMatchObject([{ name: A, weight: 5 }])
})

test('the same list again, with other weights, is no other list', () => {
  expect(members.provide('config', given(A, B))).toBe(true)
  const before = members.present
  expect(members.provide('config', weighing(4, A, B))).toBe(false)
  expect(members.present).toBe(before)
  expect(members.present).toMatchObject([{ weight: 4 }, { weight: 4 }])
  expect(members.provide('config', given(B, A))).toBe(true)
  expect(namesOf(members.present)).toEqual([B, A])
})

test('a backend that stays is the same object, and one that returns is the one it was', () => {
  members.provide('config', given(A, B))
  const [a, b] = members.present
  members.provide('config', given(B, C))
  expect(members.present[0]).toBe(b)
  expect(members.find(A)).toBe(a)
  members.provide('config', given(A))
  expect(members.present).toEqual([a])
  expect(namesOf(members.left)).toEqual([B, C])
})

test('after retiring the members stay until a source has some, who then begin anew', () => {
  members.provide('config', given(A, B))
  members.provide('names', given(C))
  members.find(A)!.setTo = 'drain'
  members.retire()
  expect(namesOf(members.present)).toEqual([A, B, C])
  expect(members.provide('config', given(A))).toBe(true)
  expect(members.present).toMatchObject([{ name: A, setTo: 'up' }])
  expect(namesOf(members.left)).toEqual([B, C])
})
