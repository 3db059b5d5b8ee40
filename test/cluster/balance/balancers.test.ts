/** What every balancer does, in whichever order it puts the candidates. */
import { describe, expect, it } from 'vitest'
import { BALANCERS, type BalanceRule } from '../../../src/cluster/balance/rules.js'
import { requestOf } from '../requests.js'

import { balancerOf, candidatesOf } from './candidates-of.js'

describe.each(Object.keys(BALANCERS) as BalanceRule[])('the balancer %s', (rule) => {
  const request = requestOf(1000)

  it('a balancer picks every candidate once for one request', () => {
    const candidates = candidatesOf(1, 5, 2, 1)
    const balancer = balancerOf(rule, candidates)
    for (let round = 0; round < 20; round++) {
      const picked = new Set<unknown>()
      for (const _ of candidates) picked.add(balancer.pick((each) => !picked.has(each), request))
      expect(picked).toEqual(new Set(candidates))
      expect(balancer.pick((each) => !picked.has(each), request)).toBeUndefined()
    }
  })

  it('a balancer picks only candidates, and none if there are none', () => {
    const candidates = candidatesOf(1, 100, 1)
    const balancer = balancerOf(rule, candidates)
    for (let i = 0; i < 20; i++) {
      expect(balancer.pick((each) => each !== candidates[1], request)).not.toBe(candidates[1])
      expect(balancer.pick(() => false, request)).toBeUndefined()
    }
    expect(balancerOf(rule, candidatesOf()).pick(() => true, request)).toBeUndefined()
  })
})
