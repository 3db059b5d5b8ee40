/** Plays the stories of many seeds, and tells of the first that goes wrong: its seed, and a shortened schedule. */
import { outsidePromises } from './clock.js'
import type { Conditions } from './world/conditions.js'
import { settingOf } from './world/setting.js'
import { shorten } from './world/shrink.js'
import { type Step, scheduleOf } from './world/step.js'
import { type Failure, play } from './world/story.js'

interface Found {
  readonly seed: number
  readonly failure: Failure
  readonly steps: readonly Step[]
}

/** Whoever runs the tests wants to be heard after so many stories. */
const STORIES_IN_A_ROW = 100

/** The first of `count` seeds from `first` on whose story goes wrong. */
export async function findFailure(
  first: number,
  count: number,
  conditions: Conditions,
): Promise<Found | undefined> {
  for (let done = 0; done < count; done += STORIES_IN_A_ROW) {
    const next = Math.min(STORIES_IN_A_ROW, count - done)
    const found = await outsidePromises(() => findAmong(first + done, next, conditions))
    if (found !== undefined) return found
  }
  return undefined
}

function findAmong(first: number, count: number, conditions: Conditions): Found | undefined {
  for (let seed = first; seed < first + count; seed++) {
    const steps = scheduleOf(seed)
    const failure = play(steps, settingOf(seed), conditions)
    if (failure !== undefined) return { seed, failure, steps }
  }
  return undefined
}

/** The same story again. */
export const replay = ({ seed, steps }: Found, conditions: Conditions): Promise<Failure | undefined> =>
  outsidePromises(() => play(steps, settingOf(seed), conditions))

/** In words, with the shortest schedule that was found. */
export const explain = (found: Found, conditions: Conditions): Promise<string> =>
  outsidePromises(() => tell(found, conditions))

function tell({ seed, failure, steps }: Found, conditions: Conditions): string {
  const setting = settingOf(seed)
  const isSame = (candidate: readonly Step[]): boolean =>
    play(candidate, setting, conditions)?.rule === failure.rule
  const shorter = shorten(steps.slice(0, failure.step + 1), isSame)
  const last = play(shorter, setting, conditions)
  const lines = shorter.map((step, at) => `  ${at}. ${JSON.stringify(step)}`)
  return [
    `seed ${seed}, step ${failure.step} of ${steps.length}: ${failure.message}`,
    `replay it: npm run simulate -- --engine ${conditions.engine} --seed ${seed}`,
    `${shorter.length} steps suffice, in the setting of the seed, for: ${last?.message}`,
    ...lines,
  ].join('\n')
}
