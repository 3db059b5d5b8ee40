/** Which backend a key belongs to, how evenly keys are spread, and how many move when backends come and go. */
import { describe, expect, it } from 'vitest'
import { HashChoice, type HashPolicy } from '../../../../src/cluster/balance/hash/hash-choice.js'
import type { BalanceRequest } from '../../../../src/cluster/balance/request.js'
import { requestOf } from '../../requests.js'
import { candidatesOf, chiSquared, sharesOf, type TestCandidate } from '../candidates-of.js'

const KEYS = 20_000
const PICKS = 100_000
const all = () => true
const byKey = (key: string): BalanceRequest => ({ ...requestOf(1000), key })
const policyOf = (table: HashPolicy['table'], boundedLoad = 0): HashPolicy => ({
  key: { from: 'route' },
  table,
  boundedLoad,
})
const choiceOf = (candidates: readonly TestCandidate[], policy: HashPolicy, foundNoKey = () => {}) =>
  new HashChoice(candidates, policy, foundNoKey)

/** The names that keys belong to. */
function placesOf(candidates: readonly TestCandidate[], policy: HashPolicy, keys = KEYS): string[] {
  const choice = choiceOf(candidates, policy)
  return Array.from({ length: keys }, (_, key) => choice.pick(all, byKey(`key ${key}`))!.name)
}

const movedOf = (before: readonly string[], after: readonly string[], gone?: string) =>
  before.filter((name, key) => name !== gone && name !== after[key]).length

describe.each(['rendezvous', 'maglev'] as const)('balance: hash with table: %s', (table) => {
  const policy = policyOf(table)

  it('the same key goes to the same backend, wherever it stands in the list', () => {
    const candidates = candidatesOf(1, 2, 1, 3, 1, 1, 2, 1, 1, 1)
    const places = placesOf(candidates, policy)
    expect(placesOf(candidates, policy)).toEqual(places)
    expect(placesOf(candidates.toReversed(), policy)).toEqual(places)
  })

  it('10 equal backends get equal numbers of 20,000 keys', () => {
    const candidates = candidatesOf(...Array.from({ length: 10 }, () => 1))
    const places = placesOf(candidates, policy)
    const counts = candidates.map(({ name }) => places.filter((place) => place === name).length)
    expect(Math.max(...counts) / (KEYS / 10)).toBeLessThan(1.08)
  })

  it('backends get 100,000 keys in proportion to their weights', () => {
    const weights = [1, 2, 3, 10]
    const candidates = candidatesOf(...weights)
    const places = placesOf(candidates, policy, PICKS)
    const counts = candidates.map(({ name }) => places.filter((place) => place === name).length)
    expect(chiSquared(counts, sharesOf(weights, PICKS))).toBeLessThan(5)
  })

  it('a backend that goes takes only its own keys with it, but for at most 1 in 100 with maglev', () => {
    const candidates = candidatesOf(...Array.from({ length: 10 }, () => 1))
    const before = placesOf(candidates, policy)
    const [gone, ...rest] = candidates
    const moved = movedOf(before, placesOf(rest, policy), gone!.name)
    if (table === 'rendezvous') expect(moved).toBe(0)
    else expect(moved / KEYS).toBeLessThan(0.01)
  })

  it('a backend that comes takes its share of the keys, and no key moves between the others', () => {
    const candidates = candidatesOf(...Array.from({ length: 10 }, () => 1))
    const [added, ...before] = candidates
    const [placesBefore, placesAfter] = [placesOf(before, policy), placesOf(candidates, policy)]
    const toOther = placesAfter.filter((name, key) => name !== added!.name && name !== placesBefore[key])
    expect(toOther.length / KEYS).toBeLessThan(table === 'rendezvous' ? 1e-9 : 0.01)
    const taken = placesAfter.filter((name) => name === added!.name).length
    expect(taken / KEYS).toBeCloseTo(0.1, 1)
  })

  it('retries of one key walk through all backends, and two keys of one backend in different orders', () => {
    const candidates = candidatesOf(1, 1, 1, 1, 1)
    const choice = choiceOf(candidates, policy)
    const orders = Array.from({ length: 200 }, (_, key) => {
      const picked: TestCandidate[] = []
      for (const _ of candidates)
        picked.push(choice.pick((each) => !picked.includes(each), byKey(`k${key}`))!)
      expect(new Set(picked).size).toBe(5)
      return picked.map(({ index }) => index).join('')
    })
    const seconds = new Set(orders.filter((order) => order[0] === '0').map((order) => order[1]))
    expect(seconds.size).toBe(4)
  })

  it('the keys of a backend that is down go to the backends that they would go to without it', () => {
    const candidates = candidatesOf(1, 1, 1, 1)
    const choice = choiceOf(candidates, policyOf('rendezvous'))
    const without = placesOf(candidates.slice(1), policyOf('rendezvous'), 2000)
    for (let key = 0; key < 2000; key++)
      expect(choice.pick(({ index }) => index !== 0, byKey(`key ${key}`))!.name).toBe(without[key])
  })

  it('with boundedLoad no backend has more than its bound of the open connections', () => {
    const candidates = candidatesOf(1, 1, 1, 1, 1)
    const choice = choiceOf(candidates, policyOf(table, 1.25))
    // Half of all clients have one key.
    for (let open = 1; open <= 2000; open++) {
      choice.pick(all, byKey(open % 2 === 0 ? 'the favourite' : `key ${open}`))!.active += 1
      const most = Math.max(...candidates.map(({ active }) => active))
      expect(most).toBeLessThanOrEqual(Math.ceil(Math.ceil(open * 1.25) / 5))
    }
  })

  it('a connection without the key is balanced in turn, and counted', () => {
    const candidates = candidatesOf(1, 1)
    let keyless = 0
    const choice = choiceOf(candidates, policy, () => {
      keyless += 1
    })
    const picks = Array.from({ length: 4 }, () => choice.pick(all, requestOf(1000))!.index)
    expect(picks).toEqual([0, 1, 0, 1])
    expect(keyless).toBe(4)
  })
})

it.each(['rendezvous', 'maglev'] as const)(
  'with table: %s a backend that starts slowly has a part of its keys',
  (table) => {
    const candidates = candidatesOf(1, 1, 1, 1)
    const before = placesOf(candidates, policyOf(table))
    candidates[0]!.share = 0.5
    const after = placesOf(candidates, policyOf(table))
    const [full, part] = [before, after].map(
      (places) => places.filter((name) => name === candidates[0]!.name).length,
    )
    expect(part! / full!).toBeGreaterThan(0.4)
    expect(part! / full!).toBeLessThan(0.65)
    expect(movedOf(before, after, candidates[0]!.name)).toBe(0)
  },
)

it('a weight that changes moves keys with maglev as soon as the balancer is told', () => {
  const candidates = candidatesOf(1, 1)
  const choice = choiceOf(candidates, policyOf('maglev'))
  choice.pick(all, byKey('before'))
  candidates[1]!.weight = 0
  candidates[1]!.share = 0
  choice.reweighted()
  for (let key = 0; key < 100; key++) expect(choice.pick(all, byKey(`key ${key}`))!.index).toBe(0)
})

it('the backend of a key never changes between versions of millrace', () => {
  const candidates = candidatesOf(1, 1, 1, 1)
  const indexesOf = (table: HashPolicy['table']) => {
    const choice = choiceOf(candidates, policyOf(table))
    return ['a', 'b', 'c', 'ünïcode', 'a'.repeat(1000)].map((key) => choice.pick(all, byKey(key))!.index)
  }
  expect([indexesOf('rendezvous'), indexesOf('maglev')]).toMatchInlineSnapshot(`
    [
      [
        0,
        2,
        1,
        1,
        2,
      ],
      [
        2,
        3,
        1,
        2,
        1,
      ],
    ]
  `)
})

it('a pick for a connection without the key that finds no backend is not counted', () => {
  let keyless = 0
  const choice = choiceOf(candidatesOf(1), policyOf('rendezvous'), () => {
    keyless += 1
  })
  expect(choice.pick(() => false, requestOf(1000))).toBeUndefined()
  expect(keyless).toBe(0)
})
