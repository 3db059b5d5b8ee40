/** Carries out one step in a world. */
import { settle } from '../clock.js'
import { NO_SHORTAGE } from '../kernel/kernel.js'
import { Random } from '../random.js'
import { callOf } from './calls.js'
import { checkArrived } from './invariants.js'
import type { Peer } from './peer.js'
import type { Action, Side, Step } from './step.js'
import type { World } from './world.js'

/** A shortage of fds leaves room for so many more. */
const SPARE_FDS = 2
const FAILING_PART = 0.3

export function playStep(world: World, step: Step): void {
  const random = new Random(step.luck)
  world.kernel.random = random
  act(world, step, random)
  settle()
}

function act(world: World, step: Action, random: Random): void {
  switch (step.do) {
    case 'connect':
      world.connect(step.client, callOf(step.listener, step.opening), step.beginning)
      break
    case 'turn':
      for (let i = 0; i < step.times; i++) world.restlessTurn(random)
      break
    case 'wait':
      world.wait(step.ms, random)
      break
    case 'backend':
      world.servers[step.backend]!.turn(step.behaviour)
      break
    case 'name':
      world.names.set(step.host, step.ips)
      break
    case 'calm':
      world.rest()
      checkArrived(world)
      break
    default:
      actAtOnce(world, step, random)
  }
}

function actAtOnce(world: World, step: Action, random: Random): void {
  const { kernel, proxy, setting } = world
  if (step.do === 'shortage') {
    world.done.add('shortage')
    if (step.fds) kernel.shortage.fds = kernel.openFds + SPARE_FDS
    // libuv aborts if no fd can be watched. Node closes in order if a write fails for want of memory.
    if (proxy.engine.kind === 'stream') return
    if (step.memory) kernel.shortage.memory = FAILING_PART
    kernel.shortage.watches = step.watches
  } else if (step.do === 'plenty') Object.assign(kernel.shortage, NO_SHORTAGE)
  else if (step.do === 'reload')
    world.order('reload', () => proxy.reloadWith(() => ({ config: setting.configs[step.variant]! })))
  else if (step.do === 'drain') {
    const { deadlineMs, cluster } = step
    world.order('drain', () => proxy.drain({ deadlineMs, cluster }))
  } else if (step.do === 'hold') {
    const { cluster, maxMs, end } = step
    world.hold({ cluster, maxMs, end })
  } else if (step.do === 'release') {
    world.release(step.cluster)
  } else if ('who' in step) actAs(peerOf(world, step.side, step.who), step, random)
}

function actAs(peer: Peer | undefined, step: Action, random: Random): void {
  if (peer === undefined) return
  if (step.do === 'say') peer.say(step.bytes)
  else if (step.do === 'urgent') peer.sayUrgent()
  else if (step.do === 'end') peer.end()
  else if (step.do === 'reset') peer.reset(random)
  else if (step.do === 'close') peer.close(random)
  else if (step.do === 'pause' || step.do === 'resume') peer.isPaused = step.do === 'pause'
}

/** A client by its number. A backend's end by the number of its client, or else by its own number. */
function peerOf(world: World, side: Side, who: number): Peer | undefined {
  const client = [...world.clients.values()].find(({ number }) => number === who)
  if (side === 'client') return client
  return client?.other ?? [...world.serverSides.values()][who]
}
