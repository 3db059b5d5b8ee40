/**
 * The simulation finds what it is there to find: faults that were mended are put back one by one, and some story must
 * break a rule by each. The seed at which each is found stands in the log.
 */
import { describe, expect, test } from 'vitest'
import { Direction } from '../../src/pipe/direction.js'
import type { Fault } from './faults.js'
import { explain, findFailure, proxyStories, replay } from './simulate.js'

/** Stories until a fault is found, at most. */
const MOST_SEEDS = 10_000
const LONGEST_MS = 240_000

interface Expected {
  readonly fault: Fault
  readonly rules: readonly string[]
  /** Where the search begins: before it none was found. Default 1. */
  readonly firstSeed?: number
}

/** With the rules that may be the first to be broken. */
const FAULTS: readonly Expected[] = [
  { fault: 'full-pipe-for-empty-socket', rules: ['nothing stalls'] },
  { fault: 'mark-larger-than-a-move', rules: ['nothing stalls'] },
  { fault: 'unmuting-reports-nothing', rules: ['nothing stalls'] },
  { fault: 'urgent-byte-stops-splice', rules: ['nothing stalls', 'no end before bytes', 'a true cause'] },
  { fault: 'pipe-pooled-with-bytes', rules: ['nothing throws', 'every byte once and in order'] },
  { fault: 'short-read-hides-the-end', rules: ['nothing stalls'] },
  { fault: 'reset-for-end', rules: ['no end before bytes', 'a true cause'], firstSeed: 701 },
]

describe('a fault that is put back is found', () => {
  test.each(FAULTS)('$fault', { timeout: LONGEST_MS }, async ({ fault, rules, firstSeed = 1 }) => {
    const stories = proxyStories({ engine: 'kernel', faults: new Set([fault]) })
    const found = await findFailure(stories, firstSeed, MOST_SEEDS)
    console.log(`${fault}: seed ${found?.seed}, ${found?.failure.message}`)
    expect(rules).toContain(found?.failure.rule)
    expect(await replay(stories, found!)).toEqual(found!.failure)
  })

  test('a failure is told with its seed and a shortened schedule', { timeout: LONGEST_MS }, async () => {
    const faults = new Set<Fault>(['full-pipe-for-empty-socket'])
    const stories = proxyStories({ engine: 'kernel', faults })
    const found = await findFailure(stories, 1, MOST_SEEDS)
    const told = await explain(stories, found!)
    console.log(told)
    expect(told).toContain(`npm run simulate -- --engine kernel --seed ${found!.seed}\n`)
    expect(told.match(/^ {2}\d+\. /gm)!.length).toBeLessThan(found!.steps.length)
  })

  test('FIN overtakes the bytes before it', { timeout: LONGEST_MS }, async () => {
    const { settle } = Direction.prototype
    Direction.prototype.settle = function (isLast) {
      if (this.phase === 'draining' && this.inside > 0) this.sink.shutdown()
      settle.call(this, isLast)
    }
    const faults = new Set<Fault>(['end-found-behind-bytes'])
    const stories = proxyStories({ engine: 'kernel', faults })
    const found = await findFailure(stories, 1, MOST_SEEDS).finally(() => {
      Direction.prototype.settle = settle
    })
    console.log(`FIN before bytes: seed ${found?.seed}, ${found?.failure.message}`)
    expect(['no end before bytes', 'a true cause']).toContain(found?.failure.rule)
  })
})
