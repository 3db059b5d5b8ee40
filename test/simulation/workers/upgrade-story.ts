/** Plays a schedule of upgrades, and tells what went wrong. */
import { Random } from '../random.js'
import type { Stories } from '../simulate.js'
import { watchQueues } from './invariants.js'
import type { MainProcess } from './main-process.js'
import { playStep } from './play.js'
import { configsFor, VARIANTS } from './setting.js'
import { playStory } from './story.js'
import { checkOwners, checkPeace, watchSides } from './upgrade-invariants.js'
import { isPeaceful, type UpgradeStep, upgradeScheduleOf, type Which, WORKERS } from './upgrade-step.js'
import type { World } from './world.js'

/** Every variant of the config for every number of workers. */
const configs = WORKERS.flatMap(configsFor)

export const upgradeStories: Stories<UpgradeStep> = {
  scheduleOf: upgradeScheduleOf,
  play: (seed, steps) =>
    playStory(steps, configs, new Random(seed), {
      act,
      watch: () => {
        const queues = watchQueues()
        return (world) => {
          queues(world)
          watchSides(world)
        }
      },
      over: (world) => {
        checkOwners(world)
        if (isPeaceful(seed)) checkPeace(world)
      },
    }),
  options: '--engine upgrades',
}

function act(world: World, step: UpgradeStep): void {
  world.lucky(step.luck)
  switch (step.do) {
    case 'upgrade':
      world.variant = WORKERS.indexOf(step.workers as (typeof WORKERS)[number]) * VARIANTS + step.variant
      world.order(() => world.control.upgrade())
      break
    case 'kill-main':
      kill(world, chosen(world, step.which))
      break
    case 'hang-main':
      chosen(world, step.which)?.hang()
      break
    case 'wake-mains':
      world.wakeMains()
      break
    default:
      playStep(world, step)
  }
}

/** A predecessor that has not handed its state over takes its counts along. */
function kill(world: World, main: MainProcess | undefined): void {
  if (main?.hasServed && !world.mains.at(-1)!.hasServed) world.counts = new Map()
  main?.kill()
}

/** A process that has another one beside it. Undefined: there is none, or it alone serves. */
function chosen({ mains }: World, which: Which): MainProcess | undefined {
  const alive = mains.filter(({ isGone }) => !isGone)
  const newest = alive.at(-1)!
  if (alive.length < 2) return undefined
  if (which === 'predecessor') return alive[0]
  return newest.hasServed ? undefined : newest
}
