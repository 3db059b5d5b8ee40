/** Places in limits that connections of another process hold. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Counts } from '../../../src/limits/counts/counts.js'
import { createOwnCounts } from '../../../src/limits/counts/own-counts.js'
import {
  changedPlaces,
  type HeldPlaces,
  PlacesOfAnother,
  placesIn,
} from '../../../src/limits/counts/places-of-another.js'
import type { Source } from '../../../src/source.js'

const SOURCE = 'a'.repeat(16) as Source
const SCOPES = ['process', 'listener/front']
const want = (scope: string, source?: Source, most = 0) => ({
  key: { scope, source },
  most,
  perSecond: 0,
  burst: 1,
})

describe('PlacesOfAnother', () => {
  let theirs: Counts
  let ours: Counts
  let places: PlacesOfAnother

  beforeEach(() => {
    theirs = createOwnCounts({ sources: 10 })
    ours = createOwnCounts({ sources: 10 })
    places = new PlacesOfAnother(ours)
  })

  it('takes the places of the other process, which then leave no room for more than the limit', () => {
    theirs.take([want('process'), want('listener/front'), want('listener/front', SOURCE)])
    theirs.take([want('process')])
    const held = placesIn(theirs, SCOPES)
    places.update(held)
    expect(placesIn(ours, SCOPES)).toEqual(held)
    expect(ours.take([want('process', undefined, 2)])).toMatchObject({ refused: 0, why: 'connections' })
    expect(ours.take([want('process', undefined, 3)])).toHaveProperty('entries')
  })

  it('gives back what the other process gives back, and nothing else', () => {
    const own = ours.take([want('process')])
    const first = theirs.take([want('process')])
    theirs.take([want('process')])
    const before = placesIn(theirs, SCOPES)
    places.update(before)
    theirs.leave(first.entries![0]!)
    const change = changedPlaces(before, placesIn(theirs, SCOPES))
    expect(change).toEqual([{ scope: 'process', source: undefined, held: 1 }])
    places.update(change)
    expect(ours.held({ scope: 'process' })).toBe(2)
    places.clear()
    expect(ours.held({ scope: 'process' })).toBe(1)
    ours.leave(own.entries![0]!)
    expect(placesIn(ours, SCOPES)).toEqual([])
  })

  it('holds as many sources as its own table has room for', () => {
    const many = Array.from({ length: 20 }, (_, index): HeldPlaces => {
      return { scope: 'process', source: String.fromCharCode(index).repeat(16), held: 1 }
    })
    places.update(many)
    expect(placesIn(ours, SCOPES)).toHaveLength(10)
  })
})

it('changedPlaces names what nobody holds any more with 0', () => {
  const before = [{ scope: 'process', source: undefined, held: 2 }]
  expect(changedPlaces(before, [])).toEqual([{ ...before[0], held: 0 }])
  expect(changedPlaces(before, before)).toEqual([])
})
