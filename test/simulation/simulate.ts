/** Plays the stories of many seeds, and tells of the first that goes wrong: its seed, and a shortened schedule. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Faults } from './faults.js'
import { settingOf } from './world/setting.js'
import { shorten } from './world/shrink.js'
import { type Step, scheduleOf } from './world/step.js'
import { type Failure, play } from './world/story.js'

interface Found {
  readonly seed: number
  readonly failure: Failure
  readonly steps: readonly Step[]
}

/** The first of `count` seeds from `first` on whose story goes wrong. */
export async function findFailure(first: number, count: number, faults: Faults): Promise<Found | undefined> {
  for (let seed = first; seed < first + count; seed++) {
    const steps = scheduleOf(seed)
    const failure = await play(steps, settingOf(seed), faults)
    if (failure !== undefined) return { seed, failure, steps }
    // Whoever runs the tests wants to be heard now and then.
    if (seed % 100 === 0) await nextTurn()
  }
  return undefined
}

/** In words, with the shortest schedule that was found. */
export async function explain({ seed, failure, steps }: Found, faults: Faults): Promise<string> {
  const setting = settingOf(seed)
  const isSame = async (candidate: readonly Step[]): Promise<boolean> =>
    (await play(candidate, setting, faults))?.rule === failure.rule
  const shorter = await shorten(steps.slice(0, failure.step + 1), isSame)
  const last = await play(shorter, setting, faults)
  const lines = shorter.map((step, at) => `  ${at}. ${JSON.stringify(step)}`)
  return [
    `seed ${seed}, step ${failure.step} of ${steps.length}: ${failure.message}`,
    `replay it: npm run simulate -- --seed ${seed}`,
    `${shorter.length} steps suffice, in the setting of the seed, for: ${last?.message}`,
    ...lines,
  ].join('\n')
}
