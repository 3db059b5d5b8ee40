import { beforeEach, expect, test } from 'vitest'
import { type Address, parseAddress } from '../../src/address.js'
import { Backend } from '../../src/cluster/backend.js'
import type { Balancer } from '../../src/cluster/balance/balancer.js'
import { type CandidateRules, Candidates, Full } from '../../src/cluster/candidates.js'
import { quickHealth } from './cluster-rig.js'
import { requestOf } from './requests.js'

const A = '10.0.0.1:80'
const B = '10.0.0.2:80'
const C = '10.0.0.3:80'

let backends: Map<string, Backend>
let rules: CandidateRules
beforeEach(() => {
  rules = { whenAllDown: undefined, onlyTier: undefined }
  backends = new Map(
    [A, B, C].map((text) => [text, new Backend(parseAddress(text) as Address, 1, quickHealth())]),
  )
})

/** A balancer that takes the order from the key of the request. */
const byKey: Balancer<Backend> = {
  pick: (isCandidate, { key = '' }) =>
    key
      .split(' ')
      .map((name) => backends.get(name)!)
      .find(isCandidate),
}

function down(name: string, now: number): void {
  const backend = backends.get(name)!
  backend.dialBegan()
  backend.dialFailed(backend.endpoints.current!, 'ECONNREFUSED', now)
}

/** Asks for candidates until none is left. */
function walk(order: string, now: number): string[] {
  const candidates = new Candidates([...backends.values()], rules, 'hash', (tier) => ({
    pick: (isCandidate, request) => byKey.pick((each) => tier.includes(each) && isCandidate(each), request),
  }))
  const tried: Backend[] = []
  for (;;) {
    const next = candidates.next({ ...requestOf(1000), key: order }, tried, now)
    if (next === undefined || next instanceof Full) return tried.map(({ name }) => name)
    tried.push(next)
  }
}

test('all candidates come in the order of the balancer for this request', () => {
  expect(walk(`${C} ${A} ${B}`, 0)).toEqual([C, A, B])
  expect(walk(`${B} ${C} ${A}`, 0)).toEqual([B, C, A])
})

test('candidates that rest come after the others, the one whose rest ends first before the next', () => {
  down(C, 0)
  down(A, 500)
  expect(walk(`${A} ${B} ${C}`, 900)).toEqual([B, C, A])
  expect(walk(`${A} ${B} ${C}`, 1500)).toEqual([A, B, C])
})

test('a backend that config or operator took out is no candidate, even if all others rest', () => {
  backends.get(A)!.set(1, 'drain')
  backends.get(B)!.set(0, 'up')
  down(C, 0)
  expect(walk(`${A} ${B} ${C}`, 0)).toEqual([C])
  backends.get(C)!.set(1, 'maint')
  expect(walk(`${A} ${B} ${C}`, 0)).toEqual([])
})

test('a backend whose name has no answer yet is no candidate', () => {
  const unresolved = new Backend(parseAddress('db.example:80') as Address, 1, quickHealth())
  backends.set('db.example:80', unresolved)
  expect(walk(`db.example:80 ${A} ${B} ${C}`, 0)).toEqual([A, B, C])
})

test('backends of a greater tier come after all available ones of a smaller tier', () => {
  backends.get(A)!.tier = 100
  backends.get(C)!.tier = 1
  expect(walk(`${A} ${B} ${C}`, 0)).toEqual([B, C, A])
  backends.get(B)!.set(1, 'drain')
  expect(walk(`${A} ${B} ${C}`, 0)).toEqual([C, A])
})

test('every tier is told of another weight', () => {
  backends.get(B)!.tier = 1
  const told: string[] = []
  const candidates = new Candidates([...backends.values()], rules, 'hash', (tier) => ({
    ...byKey,
    reweighted: () => told.push(tier.map(({ name }) => name).join(' ')),
  }))
  candidates.reweighted()
  expect(told).toEqual([`${A} ${C}`, B])
})
