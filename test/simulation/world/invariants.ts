/**
 * The rules of a story. At rest, everything that was sent must have arrived. At the end, nothing may be left. Each peer
 * checks by itself that bytes come once and in order (peer.ts).
 */
import { kindOf } from '../../../src/observe/endings.js'
import { limitsOf } from '../../../src/proxy/limit-plans.js'
import { closesBothWays, whyUntrue } from './causes.js'
import type { Client } from './client.js'
import type { Peer } from './peer.js'
import { YES } from './postgres.js'
import { Violation } from './violation.js'
import type { LimitAtRest, Told, World } from './world.js'

/** Causes with which the proxy itself closes in order, whatever the peers still had on their way. */
const OUR_ENDS = new Set(['idle-timeout', 'half-closed-timeout', 'lifetime', 'ordered', 'drained'])

const NAMELESS_CLIENT = 'unix:'
/** Times in records are so precise. */
const PRECISION_MS = 1

/** The rules for a world at rest. */
export function checkArrived(world: World): void {
  checkComplaints(world)
  checkLimit(world)
  checkLimits(world)
  checkQueues(world)
  checkHolds(world)
  for (const client of world.clients.values()) {
    const { other } = client
    if (other === undefined || !client.isWhole || !other.isWhole) continue
    // The proxy has given up the backend or the request. Before the reset the peer has a moment to take what has come.
    if (!client.isEndPassedOn && (other.sawEnd || client.isKeepingBack)) continue
    checkWay(client, other)
    checkWay(other, client)
  }
}

function checkWay(from: Peer, to: Peer): void {
  // checkRecord judges an end that came too early, by its cause.
  if (to.sawEarlyEnd || from.sawEarlyEnd || from.isKeepingBack) return
  if (to.heard < from.toBeHeard) {
    throw new Violation(
      'nothing stalls',
      `${to.name} has ${to.heard} bytes of the ${from.toBeHeard} that ${from.name} has sent`,
    )
  }
  if (from.hasEnded && from.isEndPassedOn && !to.sawEnd)
    throw new Violation('nothing stalls', `${to.name} is not told of the end of ${from.name}`)
}

/** The rules for a world whose proxy was stopped. */
export function checkOver(world: World): void {
  checkComplaints(world)
  checkHolds(world)
  const { held } = world
  if (Object.values(held).some((count) => count !== 0)) {
    throw new Violation('nothing is left', JSON.stringify(held))
  }
  if (world.clock.keepingAlive > 0)
    throw new Violation('nothing is left', `${world.clock.keepingAlive} timers`)
  checkRecords(world)
  checkCounts(world)
  if (world.limit !== undefined && world.limit.active !== 0)
    throw new Violation('accounting', `${world.limit.active} were let in and have not ended`)
  const { counts } = world.proxy.limiting.limiter
  const left = [counts.held({ scope: 'process' }), ...heldBySources(world)].filter((held) => held > 0)
  if (left.length > 0) throw new Violation('accounting', `${left.join(', ')} places were not given back`)
}

const heldBySources = ({ proxy }: World): number[] =>
  Array.from(proxy.limiting.limiter.counts.sources('process'), ({ held }) => held)

/** Each connection counts in the limits of the present config, since it came or since a reload. */
function checkLimits(world: World): void {
  const { proxy } = world
  const { counts } = proxy.limiting.limiter
  const connections = proxy.connections().filter(({ isRefused }) => !isRefused)
  for (const { key, perSource } of limitsOf(proxy.config)) {
    const isCounted = ({ claim, countedClient: client }: (typeof connections)[number]): boolean =>
      claim?.limits.some((limit) => limit.key === key) === true ||
      (perSource !== undefined &&
        (client === 'exempt' || (typeof client === 'object' && client.kind === 'unix')))
    const missing = connections.filter((each) => !isCounted(each))
    if (missing.length > 0)
      throw new Violation('each connection counts', `${missing.length} do not, in ${key}`)
  }
  const { limits } = proxy.config
  const held = counts.held({ scope: 'process' })
  const told = proxy.limiting.status().limits.reduce((sum, each) => sum + each.held, 0)
  if (told !== held) throw new Violation('accounting', `${told} places are held, ${held} in the table`)
  const ofSource = Math.max(0, ...heldBySources(world))
  checkMost(world.atLastRest.all, held, limits?.maxConnections)
  checkMost(world.atLastRest.ofSource, ofSource, limits?.perSource?.maxConnections)
}

/** What is beyond a limit was there when a reload set the limit. */
function checkMost(last: LimitAtRest, held: number, limit = 0): void {
  const most = limit === 0 ? Number.POSITIVE_INFINITY : limit
  if (held > Math.max(most, last.most, last.held))
    throw new Violation(
      'no more than a limit allows',
      `${held} of ${most}, after ${last.held} of ${last.most}`,
    )
  last.most = most
  last.held = held
}

/** A client may wait only while others have all the places. */
function checkLimit({ limit, proxy, clients }: World): void {
  if (limit === undefined || proxy.state !== 'running') return
  const { active, options, waiting } = limit
  if (active > options.most) throw new Violation('no more than are let in', `${active} of ${options.most}`)
  const isWaiting = ({ address, isWhole }: Client): boolean =>
    isWhole && waiting.has(`${address.host}:${address.port}`)
  const held = [...clients.values()].filter(isWaiting).length
  if (held > 0 && active < options.most)
    throw new Violation('nobody waits while there is room', `${held} do, for ${options.most - active} places`)
}

/** No backend has too many connections. Nobody waits for a place at backends that have none at all. */
function checkQueues({ proxy, setting, holds }: World): void {
  for (const { name, backends, queue } of proxy.clusters.present) {
    const given = setting.configs[0]!.clusters[name]!.backends
    const most = Math.max(0, ...given.map(({ maxConnections }) => maxConnections))
    const open = backends.map(({ active, dialling }) => active + dialling)
    if (most > 0 && open.some((count) => count > most))
      throw new Violation('no more than the limit', `${open.join(', ')} of ${most} in ${name}`)
    const isHeld = queue.heldMs !== undefined
    if (proxy.state !== 'stopped' && isHeld !== holds.isHeld(name))
      throw new Violation('a hold ends in time', `${name} is ${isHeld ? '' : 'not '}held`)
    if (!isHeld && queue.length > 0 && open.every((count) => count === 0))
      throw new Violation('nobody waits while there is room', `${queue.length} do, in ${name}`)
  }
}

/** No connect to a cluster begins while it is held. Who waits is not read. */
function checkHolds(world: World): void {
  const { dialled } = world.holds
  if (dialled.length > 0) throw new Violation('nobody gets a backend during a hold', dialled.join('; '))
  // Node notices only on a socket that it reads that a client has left. Nor can a client be told no that is not read.
  if (world.proxy.engine.kind === 'stream' || world.setting.configs[0]!.limits?.refuseAs !== 'reset') return
  for (const connection of world.proxy.connections()) {
    if (connection.phase !== 'queue') continue
    const client = world.clientOf(String(connection.describe().client))
    if (client !== undefined && !mayBeRead(client) && client.takenFromIt > 0)
      throw new Violation('who waits is not read', `${client.takenFromIt} bytes of ${client.name}`)
  }
}

/** Whether the proxy takes bytes of the client before it knows where the client goes. */
const mayBeRead = ({ beginsWith, hasSaidUrgent }: Client): boolean =>
  hasSaidUrgent ||
  beginsWith.passedFrom > 0 ||
  beginsWith.headBytes !== undefined ||
  beginsWith.request !== undefined

/** A client that comes and goes during one hold never gets as far as a backend. */
function checkHeld({ holds }: World, told: Told): void {
  const { acceptedAt, cluster, backend } = told.facts
  if (cluster === undefined) return
  const { since, until } = holds.lastOf(cluster)
  if (acceptedAt < since + PRECISION_MS || told.at >= until) return
  if (backend !== undefined || told.ending.cause === 'queue-timeout')
    throw new Violation('nobody gets a backend during a hold', describe(told))
}

function checkComplaints({ complaints }: World): void {
  if (complaints.length > 0) throw new Violation('no errors of ours', complaints.join('; '))
}

function checkRecords(world: World): void {
  const recorded = new Set<Client>()
  let nameless = 0
  for (const told of world.records) {
    if (told.facts.client === NAMELESS_CLIENT) {
      nameless++
      checkNameless(world, told)
      continue
    }
    const client = world.clientOf(told.facts.client)
    if (client === undefined || recorded.has(client)) {
      throw new Violation(
        'each record once',
        `${describe(told)} ${client === undefined ? 'of nobody' : 'again'}`,
      )
    }
    recorded.add(client)
    checkRecord(world, client, told)
  }
  const unrecorded = unixClients(world).filter((client) => !recorded.has(client))
  if (nameless > unrecorded.length)
    throw new Violation('each record once', `${nameless} without a name of ${unrecorded.length}`)
}

const unixClients = ({ clients }: World): Client[] => [...clients.values()].filter(({ isUnix }) => isUnix)

/** A record of a unix client without a name must be true of at least one such client. */
function checkNameless(world: World, told: Told): void {
  const reasons = unixClients(world).map((client) => whyUntrue(world, client, told))
  if (reasons.every((reason) => reason !== undefined))
    throw new Violation('a true cause', `${describe(told)}: ${reasons.join('; ')}`)
}

/** Only backends of the cluster to which the first bytes lead may be dialled. */
function checkCluster({ leadsTo }: Client, told: Told): void {
  const { cluster, backend } = told.facts
  if (backend === undefined || cluster === leadsTo) return
  throw new Violation('the cluster that was asked for', `${describe(told)}: ${cluster}, not ${leadsTo}`)
}

/** The address of a backend must be one to which its name was resolved. */
function checkAddress({ names }: World, told: Told): void {
  const { cluster, backend, backendAddress } = told.facts
  if (cluster !== 'resolved' || backend === undefined || backendAddress === undefined) return
  const [host, ip] = [backend, backendAddress].map((address) => address.split(':')[0]!)
  if (!names.hasMeant(host!, ip!))
    throw new Violation('an address of its name', `${describe(told)}: ${backend} at ${backendAddress}`)
}

function checkRecord(world: World, client: Client, told: Told): void {
  const why = whyUntrue(world, client, told)
  if (why !== undefined) throw new Violation('a true cause', `${describe(told)}: ${why}`)
  const { facts, ending } = told
  checkCluster(client, told)
  checkHeld(world, told)
  checkAddress(world, told)
  const { other } = client
  const closes = closesBothWays(world, facts.cluster)
  const isClosing = ending.cause === 'finished' && closes
  // A backend that is given up is closed in order if it was sent everything.
  const isGivenUp = client.beginsWith.headBytes !== undefined && ending.by === 'backend'
  const concerned = isGivenUp ? [client] : [client, other]
  // An end of one side ends both, whatever happens to the other side afterwards.
  const isAnswered = (peer: Peer): boolean => closes && peer.hadEndedBefore
  // A unix socket has no reset.
  const wasTold = (peer: Peer | undefined): boolean =>
    peer?.sawEarlyEnd === true && !isAnswered(peer) && (!peer.isUnix || ending.cause === 'finished')
  if (concerned.some(wasTold) && !isClosing && !OUR_ENDS.has(ending.cause)) {
    throw new Violation('no end before bytes', `${describe(told)}, and one side was told of an end too early`)
  }
  checkBytesUp(world, client, told)
  checkBytesDown(world, client, told)
}

function checkBytesUp(world: World, { other, beginsWith }: Client, told: Told): void {
  if (other?.isAcquainted !== true) return
  const { headBytes = 0 } = beginsWith
  checkBytes(world, told, told.facts.bytesUp, headBytes + other.sentToIt - other.preambleBytes)
}

/** The head of a backend's answer is counted as the backend sent it. An answer of the proxy's own is not counted. */
function checkBytesDown(world: World, client: Client, told: Told): void {
  const { bytesDown, http } = told.facts
  const { headBytes, request, isPassed } = client.beginsWith
  const answerBytes = request === undefined ? 0 : Math.min(client.sentToIt, YES.length)
  const isRefused = told.ending.phase !== 'data' && kindOf(told.ending).told !== undefined
  if (isRefused || (isPassed && told.ending.phase !== 'data')) checkBytes(world, told, bytesDown, 0)
  else if (headBytes === undefined) checkBytes(world, told, bytesDown, client.sentToIt - answerBytes)
  else if (http?.status === undefined) checkBytes(world, told, bytesDown, 0)
  else if (client.isAcquainted)
    checkBytes(world, told, bytesDown, client.other!.passedFrom + client.sentToIt - client.preambleBytes)
}

/** Node's streams take bytes for which the kernel has no room. They are lost if a connection does not end in order. */
function checkBytes({ proxy }: World, told: Told, counted: number, sent: number): void {
  const mayBeLost = proxy.engine.kind === 'stream' && told.ending.cause !== 'finished'
  if (counted === sent || (mayBeLost && counted > sent)) return
  throw new Violation('accounting', `${describe(told)}: ${counted} bytes are counted, ${sent} were sent`)
}

/** The counters must agree with the records. */
function checkCounts({ proxy, records }: World): void {
  const { connections, listeners, pastListeners, endings } = proxy.counts()
  const accepted = [...listeners, ...pastListeners].reduce((sum, listener) => sum + listener.accepted, 0)
  const counted = endings.reduce((sum, { count }) => sum + count, 0)
  const { active, ended } = connections
  if (active === 0 && [accepted, counted, ended].every((count) => count === records.length)) return
  const counts = { active, accepted, counted, ended, records: records.length }
  throw new Violation('accounting', JSON.stringify(counts))
}

function describe({ facts, ending }: Told): string {
  const { by, phase, cause, errno } = ending
  return `${facts.client} to ${facts.listener} ended by ${by} in ${phase}: ${cause}${errno === undefined ? '' : ` (${errno})`}`
}
