/** The steps of a story of upgrades: those of a story of workers, and what may happen to two supervisors. */
import type { Random } from '../random.js'
import { VARIANTS } from './setting.js'
import { type Action, kindsOf, scheduleWith } from './step.js'

export type Which = 'predecessor' | 'successor'

export type UpgradeAction =
  | Action
  /** The file has this variant of the config now, for this many workers. */
  | { readonly do: 'upgrade'; readonly variant: number; readonly workers: number }
  /** Nothing happens if there is no such process, or if nobody would serve any more. */
  | { readonly do: 'kill-main' | 'hang-main'; readonly which: Which }
  | { readonly do: 'wake-mains' }

export type UpgradeStep = UpgradeAction & { readonly luck: number }

/** The numbers of workers that a config may ask for. */
export const WORKERS = [1, 2, 3] as const

const PEACEFUL: ReadonlySet<Action['do']> = new Set([
  'connect',
  'say',
  'end',
  'reset',
  'turn',
  'wait',
  'status',
  'calm',
  'ban',
  'unban',
])
const upgrade = (random: Random, variants: number): UpgradeAction => ({
  do: 'upgrade',
  variant: random.int(0, variants - 1),
  workers: random.pick(WORKERS),
})
const which = (random: Random): Which => random.pick(['predecessor', 'successor'] as const)

/** In a peaceful story no process dies or hangs, and only the number of workers changes. */
export const isPeaceful = (seed: number): boolean => seed % 3 === 0

export function upgradeScheduleOf(seed: number): UpgradeStep[] {
  if (isPeaceful(seed)) {
    const kinds = kindsOf(({ do: kind }) => PEACEFUL.has(kind))
    return scheduleWith<UpgradeAction>(seed, [...kinds, [8, (random) => upgrade(random, 1)]])
  }
  return scheduleWith<UpgradeAction>(seed, [
    ...kindsOf(() => true),
    [8, (random) => upgrade(random, VARIANTS)],
    [5, (random) => ({ do: 'kill-main', which: which(random) })],
    [2, (random) => ({ do: 'hang-main', which: which(random) })],
    [2, () => ({ do: 'wake-mains' })],
  ])
}
