/** Plays a schedule of workers from beginning to end, and tells what went wrong. */
import type { Config } from '../../../src/config/schema.js'
import { VirtualClock } from '../clock.js'
import { Random } from '../random.js'
import type { Stories } from '../simulate.js'
import type { Failure } from '../world/story.js'
import { Violation } from '../world/violation.js'
import { checkCalm, checkOver, watchQueues } from './invariants.js'
import { playStep } from './play.js'
import { configsOf } from './setting.js'
import { type Step, scheduleOf } from './step.js'
import { World } from './world.js'

/** Longer (ms) than any deadline of a stop and of a worker that does not start. */
const STOPPED_WITHIN_MS = 60_000
const STARTED_WITHIN_MS = 5000
const DEADLINE_MS = 1000

/** What is special about a kind of story. */
export interface Telling<Each> {
  act(world: World, step: Each): void
  /** Returns what is called after each turn. */
  watch(): (world: World) => void
  /** Called when all is over. */
  over(world: World): void
}

const TELLING: Telling<Step> = { act: playStep, watch: watchQueues, over: () => {} }

export const workerStories: Stories<Step> = {
  scheduleOf,
  play: (seed, steps) => playStory(steps, configsOf(seed), new Random(seed), TELLING),
  options: '--engine workers',
}

/** Plays all steps. Undefined if no rule was broken. */
export function playStory<Each extends { readonly luck: number }>(
  steps: readonly Each[],
  configs: readonly Config[],
  random: Random,
  telling: Telling<Each>,
): Failure | undefined {
  const clock = new VirtualClock()
  clock.install()
  let at = 0
  try {
    const world = new World(clock, configs)
    world.pass(STARTED_WITHIN_MS, () => world.main.hasAdmin)
    world.watch = telling.watch()
    for (; at < steps.length; at++) telling.act(world, steps[at]!)
    world.take(random)
    bringToAnEnd(world, random)
    telling.over(world)
    return undefined
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const rule = error instanceof Violation ? error.rule : 'nothing throws'
    return { rule, message: error instanceof Violation ? error.message : (error.stack ?? rule), step: at }
  } finally {
    clock.restore()
  }
}

/** Stops the supervisor, either after a calm or right after the last step. */
function bringToAnEnd(world: World, random: Random): void {
  if (random.chance(0.5)) checkCalm(world)
  world.watch = () => {}
  world.wakeMains()
  world.endingsAtEnd = world.endings.length
  world.order(() => world.control.drain({ deadlineMs: DEADLINE_MS }))
  for (let turns = random.int(0, 8); turns > 0; turns--) world.restlessTurn(random)
  world.pass(STOPPED_WITHIN_MS, () => world.isOver && world.alive.length === 0)
  if (!world.isOver) throw new Violation('a stop ends', `not within ${STOPPED_WITHIN_MS} ms`)
  checkOver(world)
}
