/** The rules for workers: at every moment, when nothing has gone wrong for a while, and when all is over. */
import type { Config } from '../../../src/config/schema.js'
import type { ProxyStatus } from '../../../src/observe/status.js'
import type { Supervisor } from '../../../src/workers/supervisor.js'
import type { AcceptQueue } from '../kernel/accept-queue.js'
import { Violation } from '../world/violation.js'
import type { CheckedBackends } from './checked.js'
import { addressOf, type ListenerName } from './setting.js'
import type { World } from './world.js'

/** A client is accepted within this time (ms), if a worker serves and none hangs or has just died. */
const ACCEPTED_WITHIN_MS = 300
/** Longer (ms) than checks may take to find out how backends are, and to tell all workers. */
const CHECKED_WITHIN_MS = 3000
/** Longer (ms) than a worker may take to start, hang and be waited for. */
const CALM_WITHIN_MS = 60_000
/** Every order, a drain too, is answered within this time (ms). */
const ANSWERED_WITHIN_MS = 30_000

/** The name of the count of all connections that ended. */
const ENDED = 'ended'

/** Returns a function that checks after each turn whether a client waits for too long. */
export function watchQueues(): (world: World) => void {
  const waitingSince = new Map<AcceptQueue, number>()
  let disturbedAt = 0
  let gone = 0
  return ({ machine, clock, supervisor, workers, alive, failingForks }) => {
    const hasHung = alive.some(({ process }) => process.state === 'hangs')
    const hasDied = workers.length - alive.length > gone
    gone = workers.length - alive.length
    const isAlone = supervisor.serving.channels.length === 0
    if (hasHung || hasDied || isAlone || failingForks > 0) disturbedAt = clock.now
    for (const queue of machine.allQueues()) {
      if (queue.isEmpty) waitingSince.delete(queue)
      else if (!waitingSince.has(queue)) waitingSince.set(queue, clock.now)
      const waitedMs = clock.now - Math.max(waitingSince.get(queue) ?? clock.now, disturbedAt)
      if (waitedMs <= ACCEPTED_WITHIN_MS) continue
      throw new Violation('somebody accepts', `clients wait at ${queue.local.port} for ${waitedMs} ms`)
    }
  }
}

/** Asks for the status and checks that no count is less than it was. */
export function noteStatus(world: World): void {
  world.order(
    () => world.control.status(),
    (status) => checkCounts(world, countsOf(status)),
  )
}

function checkCounts(world: World, counts: ReadonlyMap<string, number>): void {
  for (const [name, before] of world.counts) {
    const count = counts.get(name) ?? 0
    if (count < before) throw new Violation('no count falls', `${name} was ${before} and is ${count}`)
  }
  const ended = counts.get(ENDED)!
  if (ended > world.records.length) {
    throw new Violation('accounting', `${ended} ends are counted, of ${world.records.length} records`)
  }
  world.counts = counts
}

function countsOf(status: ProxyStatus): Map<string, number> {
  const { listeners, pastListeners, clusters, pastClusters, connections, endings } = status
  const counts = new Map([[ENDED, connections.ended]])
  const add = (name: string, count: number): void => void counts.set(name, (counts.get(name) ?? 0) + count)
  for (const { name, accepted } of [...listeners, ...pastListeners]) add(`accepted by ${name}`, accepted)
  for (const { cause, count } of endings) add(`endings with ${cause}`, count)
  for (const { backends, pastBackends } of [...clusters, ...pastClusters])
    for (const { address, checks } of [...backends, ...pastBackends]) add(`checks of ${address}`, checks)
  return counts
}

/** After a while without trouble every worker serves on every listener, and all know the same. */
export function checkCalm(world: World): void {
  world.failingForks = 0
  world.wakeMains()
  world.pass(CALM_WITHIN_MS, () => world.isSettled)
  if (!world.isSettled) throw new Violation('an upgrade ends', `${world.mains.length} processes`)
  const { supervisor } = world
  const isWhole = (): boolean =>
    world.isSettled &&
    supervisor.serving.channels.length === supervisor.wanted &&
    world.alive.length === supervisor.wanted &&
    world.alive.every(({ process }) => process.state === 'runs')
  world.pass(CALM_WITHIN_MS, isWhole)
  if (!isWhole())
    throw new Violation('every worker is replaced', `${supervisor.serving.channels.length} serve`)
  world.pass(ANSWERED_WITHIN_MS, () => world.openOrders === 0)
  checkAnswered(world)
  world.pass(Math.max(ACCEPTED_WITHIN_MS, CHECKED_WITHIN_MS))
  checkListeners(world)
  checkStates(world)
  checkPlaces(world)
  noteStatus(world)
  world.pass(ANSWERED_WITHIN_MS, () => world.openOrders === 0)
  checkAnswered(world)
}

/** When nothing happens, each connection that is open holds one place, and no other place is held. */
function checkPlaces(world: World): void {
  const { supervisor } = world
  let open = 0
  world.order(
    () => supervisor.serving.look<ProxyStatus>({ method: 'status', args: [] }),
    (seen) => {
      for (const { value } of seen) open += value?.connections.active ?? 0
    },
  )
  world.pass(ANSWERED_WITHIN_MS, () => world.openOrders === 0)
  const held = heldIn(supervisor)
  if (held !== open) throw new Violation('no place is lost', `${held} are held by ${open} connections`)
}

const heldIn = (supervisor: Supervisor): number => supervisor.table.counts!.held({ scope: 'process' })

function checkAnswered({ openOrders }: World): void {
  if (openOrders > 0) throw new Violation('every order is answered', `${openOrders} are not`)
}

function checkListeners(world: World): void {
  const { listeners } = world.supervisor.config
  const drained = drainedOf(world)
  for (const { name } of listeners) {
    const queues = world.machine.queuesAt(addressOf(name as ListenerName))
    // A socket of an earlier supervisor serves more workers than before, or one of them has several.
    const isOwn = world.mains.length === 1 || queues.length === 0
    const wanted = drained.has(name) ? 0 : isOwn ? world.supervisor.wanted : queues.length
    if (queues.length !== wanted) {
      throw new Violation('every listener has its sockets', `${name} has ${queues.length} of ${wanted}`)
    }
    if (queues.some(({ isEmpty }) => !isEmpty)) throw new Violation('somebody accepts', `not at ${name}`)
  }
}

function drainedOf({ supervisor }: World): ReadonlySet<string | undefined> {
  const calls = supervisor.desired.orders.callsFor(supervisor.config)
  return new Set(calls.flatMap(({ method, args }) => (method === 'drain' ? args[0].listener : [])))
}

/** Asks each worker through its channel. */
function checkStates(world: World): void {
  const { supervisor } = world
  const drained = drainedOf(world)
  world.order(
    () => supervisor.serving.look<ProxyStatus>({ method: 'status', args: [] }),
    (seen) => {
      for (const { channel, value } of seen) {
        const why = value === undefined ? 'it does not answer' : whyNotAsDesired(world, value, drained)
        if (why !== undefined) throw new Violation('each worker knows what holds', `${channel.name}: ${why}`)
      }
    },
  )
  world.pass(ANSWERED_WITHIN_MS, () => world.openOrders === 0)
}

function whyNotAsDesired(
  { supervisor: { config, desired, log }, checked }: World,
  status: ProxyStatus,
  drained: ReadonlySet<string | undefined>,
): string | undefined {
  const listening = status.listeners.filter(({ isListening }) => isListening).map(({ name }) => name)
  const wanted = namesOf(config).filter((name) => !drained.has(name))
  if (`${listening.sort()}` !== `${wanted.sort()}`) return `it listens at ${listening}, not at ${wanted}`
  if (status.logLevel !== log.level) return `its log is at ${status.logLevel}, not at ${log.level}`
  const bans = desired.bans.status().bans.active
  if (status.bans.active !== bans) return `it knows ${status.bans.active} bans, not ${bans}`
  for (const { name: cluster, backends } of status.clusters) {
    const settings = new Map(backends.map((each) => [each.address, `${each.setTo} ${each.weight}`]))
    for (const backend of backends) {
      const why = whyNotAsChecked(backend, config.clusters[cluster]!.health.check !== undefined, checked)
      if (why !== undefined) return why
    }
    for (const { name, setTo, weight } of desired.catalogue.backends(cluster)?.given ?? []) {
      if (settings.get(name) !== `${setTo} ${weight}`) {
        return `${name} is ${settings.get(name)}, not ${setTo} ${weight}`
      }
    }
  }
  return undefined
}

/** Backends that an operator has taken out are not checked. */
function whyNotAsChecked(
  { address, setTo, state, judgedBy, agentSet }: ProxyStatus['clusters'][number]['backends'][number],
  isChecked: boolean,
  checked: CheckedBackends,
): string | undefined {
  if (setTo === 'maint') return undefined
  const host = address.split(':')[0]!
  const said = isChecked ? checked.said(host) : undefined
  if (agentSet !== said) return `${address} is set to ${agentSet} by its agent, not to ${said}`
  if (isChecked && !checked.works(host))
    return state === 'down' ? undefined : `${address} is ${state}, not down`
  return state === 'down' && judgedBy === 'check' ? `${address} is down, not up` : undefined
}

const namesOf = ({ listeners }: Config): string[] => listeners.map(({ name }) => name)

/** The rules for a world whose supervisor has ended. */
export function checkOver(world: World): void {
  const { machine, mains, clock, alive, complaints, records } = world
  if (!mains.some(({ ended }) => ended === 1) || mains.some(({ ended }) => ended > 1))
    throw new Violation('it ends once', `it has ended ${mains.map(({ ended }) => ended)} times`)
  const left = {
    workers: alive.length,
    queues: machine.allQueues().length,
    fds: Math.max(...mains.map(({ fdsAtEnd }) => fdsAtEnd)),
    timers: clock.keepingAlive,
    orders: world.openOrders,
    places: heldIn(mains.findLast(({ ended }) => ended > 0)!.supervisor!),
  }
  if (Object.values(left).some((count) => count !== 0))
    throw new Violation('nothing is left', JSON.stringify(left))
  if (new Set(records).size < records.length) throw new Violation('each record once', records.join(', '))
  if (complaints.length > 0) throw new Violation('no errors of ours', complaints.join('; '))
}
