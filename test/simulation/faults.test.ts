/**
 * The simulation finds the faults it is made for. Faults that were fixed are put back one by one. With each of them some
 * story must break a rule. The log tells the seed at which each fault is found.
 */
import { describe, expect, test } from 'vitest'
import { Direction } from '../../src/pipe/direction.js'
import type { Fault } from './faults.js'
import { explain, findFailure, proxyStories, replay } from './simulate.js'

/** The most stories that are played until a fault is found. */
const MOST_SEEDS = 10_000
const LONGEST_MS = 240_000

interface Expected {
  readonly fault: Fault
  readonly rules: readonly string[]
  /** The seed at which the search begins, so that it takes less time. Default 1. */
  readonly firstSeed?: number
}

/** Each fault, with the rules that the story may break first. */
const FAULTS: readonly Expected[] = [
  { fault: 'full-pipe-for-empty-socket', rules: ['nothing stalls'] },
  { fault: 'mark-larger-than-a-move', rules: ['nothing stalls'] },
  { fault: 'unmuting-reports-nothing', rules: ['nothing stalls'], firstSeed: 301 },
  { fault: 'urgent-byte-stops-splice', rules: ['nothing stalls', 'no end before bytes', 'a true cause'] },
  {
    fault: 'pipe-pooled-with-bytes',
    rules: ['nothing throws', 'every byte once and in order'],
    firstSeed: 201,
  },
  { fault: 'short-read-hides-the-end', rules: ['nothing stalls'] },
  { fault: 'reset-for-end', rules: ['no end before bytes', 'a true cause'], firstSeed: 5651 },
]

describe('the simulation', () => {
  const title = 'some story breaks a rule when the fault $fault is put back'
  test.each(FAULTS)(title, { timeout: LONGEST_MS }, async ({ fault, rules, firstSeed = 1 }) => {
    const stories = proxyStories({ engine: 'kernel', faults: new Set([fault]) })
    const found = await findFailure(stories, firstSeed, MOST_SEEDS)
    console.log(`${fault}: seed ${found?.seed}, ${found?.failure.message}`)
    expect(rules).toContain(found?.failure.rule)
    expect(await replay(stories, found!)).toEqual(found!.failure)
  })

  test('the simulation reports a failure with its seed and a shortened schedule', {
    timeout: LONGEST_MS,
  }, async () => {
    const faults = new Set<Fault>(['full-pipe-for-empty-socket'])
    const stories = proxyStories({ engine: 'kernel', faults })
    const found = await findFailure(stories, 1, MOST_SEEDS)
    const told = await explain(stories, found!)
    console.log(told)
    expect(told).toContain(`npm run simulate -- --engine kernel --seed ${found!.seed}\n`)
    expect(told.match(/^ {2}\d+\. /gm)!.length).toBeLessThan(found!.steps.length)
  })

  test('some story breaks a rule when FIN is made to overtake the bytes before it', {
    timeout: LONGEST_MS,
  }, async () => {
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
