/** Plays the stories of many seeds. For the first that goes wrong it tells the seed and a shortened schedule. */
import { outsidePromises } from './clock.js'
import type { Conditions } from './world/conditions.js'
import { settingOf } from './world/setting.js'
import { type Shortenable, shorten } from './world/shrink.js'
import { type Step, scheduleOf } from './world/step.js'
import { type Failure, play } from './world/story.js'

/** A kind of story. */
export interface Stories<Each extends Shortenable> {
  scheduleOf(seed: number): readonly Each[]
  /** Plays the steps in the setting of the seed. Undefined if no rule was broken. */
  play(seed: number, steps: readonly Each[]): Failure | undefined
  /** The options with which `npm run simulate` plays these stories. */
  readonly options: string
}

interface Found<Each> {
  readonly seed: number
  readonly failure: Failure
  readonly steps: readonly Each[]
}

/** After so many stories the test runner gets a turn. */
const STORIES_IN_A_ROW = 100

/** The stories of one proxy. */
export const proxyStories = (conditions: Conditions): Stories<Step> => ({
  scheduleOf,
  play: (seed, steps) => play(steps, settingOf(seed), conditions),
  options: `--engine ${conditions.engine}`,
})

/** Returns the first of `count` seeds from `first` on whose story goes wrong. */
export async function findFailure<Each extends Shortenable>(
  stories: Stories<Each>,
  first: number,
  count: number,
): Promise<Found<Each> | undefined> {
  for (let done = 0; done < count; done += STORIES_IN_A_ROW) {
    const next = Math.min(STORIES_IN_A_ROW, count - done)
    const found = await outsidePromises(() => findAmong(stories, first + done, next))
    if (found !== undefined) return found
  }
  return undefined
}

function findAmong<Each extends Shortenable>(
  stories: Stories<Each>,
  first: number,
  count: number,
): Found<Each> | undefined {
  for (let seed = first; seed < first + count; seed++) {
    const steps = stories.scheduleOf(seed)
    const failure = stories.play(seed, steps)
    if (failure !== undefined) return { seed, failure, steps }
  }
  return undefined
}

/** Plays the same story again. */
export const replay = <Each extends Shortenable>(
  stories: Stories<Each>,
  { seed, steps }: Found<Each>,
): Promise<Failure | undefined> => outsidePromises(() => stories.play(seed, steps))

/** Describes the failure, with the shortest schedule that was found. */
export const explain = <Each extends Shortenable>(
  stories: Stories<Each>,
  found: Found<Each>,
): Promise<string> => outsidePromises(() => tell(stories, found))

function tell<Each extends Shortenable>(
  stories: Stories<Each>,
  { seed, failure, steps }: Found<Each>,
): string {
  const isSame = (candidate: readonly Each[]): boolean => stories.play(seed, candidate)?.rule === failure.rule
  const shorter = shorten(steps.slice(0, failure.step + 1), isSame)
  const last = stories.play(seed, shorter)
  const lines = shorter.map((step, at) => `  ${at}. ${JSON.stringify(step)}`)
  return [
    `seed ${seed}, step ${failure.step} of ${steps.length}: ${failure.message}`,
    `replay it: npm run simulate -- ${stories.options} --seed ${seed}`,
    `${shorter.length} steps suffice, in the setting of the seed, for: ${last?.message}`,
    ...lines,
  ].join('\n')
}
