/** Plays a schedule from beginning to end, and tells what went wrong. */
import { VirtualClock } from '../clock.js'
import { Random } from '../random.js'
import type { Conditions } from './conditions.js'
import { checkArrived, checkOver } from './invariants.js'
import { playStep } from './play.js'
import type { Setting } from './setting.js'
import type { Step } from './step.js'
import { Violation } from './violation.js'
import { World } from './world.js'

export interface Failure {
  readonly rule: string
  readonly message: string
  /** The step at which the rule was broken. The number of all steps if that was at the end. */
  readonly step: number
}

/** Longer (ms) than any deadline of an opening, a dial or a parting. */
const LONGEST_WAIT_MS = 120_000
const LUCK_OF_THE_END = 1

/** Plays all steps. Undefined if no rule was broken. */
export function play(steps: readonly Step[], setting: Setting, conditions: Conditions): Failure | undefined {
  const clock = new VirtualClock()
  clock.install()
  let at = 0
  try {
    const world = new World(clock, setting, conditions, new Random(LUCK_OF_THE_END))
    world.start()
    for (; at < steps.length; at++) playStep(world, steps[at]!)
    world.kernel.random = new Random(LUCK_OF_THE_END)
    bringToAnEnd(world)
    return undefined
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const rule = error instanceof Violation ? error.rule : 'nothing throws'
    return {
      rule,
      message: error instanceof Violation ? error.message : (error.stack ?? error.message),
      step: at,
    }
  } finally {
    clock.restore()
  }
}

function bringToAnEnd(world: World): void {
  const { proxy } = world
  world.rest()
  checkArrived(world)
  for (const server of world.servers) server.turn('accepts')
  for (const peer of [...world.clients.values(), ...world.serverSides.values()]) peer.end()
  world.rest()
  checkArrived(world)
  world.passUntil(LONGEST_WAIT_MS, () => {
    for (const peer of world.serverSides.values()) peer.end()
    return proxy.connections().length === 0
  })
  checkAllOver(world)
  world.order('stop', () => proxy.stop())
  let isStopped = false
  void world.allOrders().then(() => {
    isStopped = true
  })
  world.passUntil(LONGEST_WAIT_MS, () => isStopped)
  world.rest()
  checkOver(world)
}

function checkAllOver({ proxy, clock }: World): void {
  const left = proxy.connections()
  if (left.length === 0) return
  const what = left.map((connection) => JSON.stringify(connection.describe())).join('; ')
  throw new Violation(
    'every connection has an event or a deadline to come',
    `at ${Math.round(clock.now)} ms: ${what}`,
  )
}
