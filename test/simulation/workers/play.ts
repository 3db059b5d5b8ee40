/** Carries out one step in a world of workers. */
import type { Random } from '../random.js'
import type { Peer } from '../world/peer.js'
import { checkCalm, noteStatus } from './invariants.js'
import { BACKENDS, backendName } from './setting.js'
import type { SimulatedWorker } from './simulated-worker.js'
import type { Action, Side, Step } from './step.js'
import type { World } from './world.js'

const CLUSTER = 'main'
/** Longer than any story. */
const BAN_MS = 86_400_000

export function playStep(world: World, step: Step): void {
  act(world, step, world.lucky(step.luck))
}

function act(world: World, step: Action, random: Random): void {
  switch (step.do) {
    case 'connect':
      world.connect(step.client, step.listener)
      break
    case 'turn':
      for (let i = 0; i < step.times; i++) world.restlessTurn(random)
      break
    case 'wait':
      world.pass(step.ms)
      break
    case 'calm':
      checkCalm(world)
      break
    case 'health':
      world.checked.set(step.backend, step.works, step.agentSays)
      break
    case 'no-process':
      world.failingForks = step.forks
      break
    case 'kill':
      workerOf(world, step.worker)?.kill()
      break
    case 'hang':
      workerOf(world, step.worker)?.hang()
      break
    case 'wake':
      workerOf(world, step.worker)?.wake()
      break
    case 'say':
      peerOf(world, step.side, step.who)?.say(step.bytes)
      break
    case 'end':
      peerOf(world, step.side, step.who)?.end()
      break
    case 'reset':
      peerOf(world, step.side, step.who)?.reset(random)
      break
    default:
      order(world, step)
  }
}

function order(world: World, step: Action): void {
  const { control } = world
  if (step.do === 'status') noteStatus(world)
  else if (step.do === 'drain') world.order(() => control.drain({ listener: step.listener }))
  else if (step.do === 'open') world.order(() => control.changeListener(step.listener, { state: 'up' }))
  else if (step.do === 'ban')
    world.order(() => control.ban({ client: `192.0.2.${step.host}`, forMs: BAN_MS }))
  else if (step.do === 'unban') world.order(() => control.unban({}))
  else if (step.do === 'level') world.order(() => control.setLogLevel(step.level))
  else if (step.do === 'backend') {
    const backend = backendName(BACKENDS[step.backend]!)
    world.order(() => control.changeBackend(CLUSTER, backend, step.change))
  } else if (step.do === 'reload') {
    world.variant = step.variant
    world.order(() => control.reload())
  }
}

function workerOf({ alive }: World, number: number): SimulatedWorker | undefined {
  return alive[number % Math.max(1, alive.length)]
}

/** A client by its number. A backend's end by the number of its client, or else by its own number. */
function peerOf(world: World, side: Side, who: number): Peer | undefined {
  const client = [...world.clients.values()].find(({ number }) => number === who)
  return side === 'client' ? client : (client?.other ?? [...world.serverSides.values()][who])
}
