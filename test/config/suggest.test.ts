import { describe, expect, it } from 'vitest'
import { didYouMean } from '../../src/config/suggest.js'

describe('didYouMean', () => {
  it.each([
    ['adress', ['name', 'address'], 'address'],
    ['listner', ['listeners', 'clusters'], 'listeners'],
    ['Cluster', ['cluster', 'tags'], 'cluster'],
    ['pgg', ['mysql', 'pg'], 'pg'],
    ['a', ['b'], 'b'],
    ['idle', ['lifetimeMs', 'idleMs'], 'idleMs'],
  ])('didYouMean suggests for %s, out of %j, %s', (word, candidates, nearest) => {
    expect(didYouMean(word, candidates)).toBe(`; did you mean "${nearest}"?`)
  })

  it.each([
    ['upstream', ['listeners', 'clusters', 'timeouts']],
    ['pg', ['mysql']],
    ['x'.repeat(1000), ['x'.repeat(999)]],
    ['anything', []],
  ])('didYouMean suggests nothing for %s out of %j', (word, candidates) => {
    expect(didYouMean(word, candidates)).toBe('')
  })

  it('didYouMean suggests the nearest of several names', () => {
    expect(didYouMean('backend', ['backends', 'backed', 'back', 'backend '])).toContain('"backends"')
  })
})
