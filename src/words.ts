/**
 * States and facts in words, for the command's tables and for the status page. Pure. The page imports this
 * file, so it imports nothing that a browser lacks.
 */
import { count, counted, NOTHING, rate, share, time } from './figures.js'
import type { CERTIFICATE } from './status/certificates.js'
import type { BACKEND, CLUSTER } from './status/cluster.js'
import type { TRAFFIC } from './status/common.js'
import type { CONNECTION } from './status/connection.js'
import type { Told } from './status/fields.js'
import type { LISTENER } from './status/listener.js'
import type { NAME } from './status/names.js'
import type { DRAIN, STATUS } from './status/status.js'

type Status = Told<typeof STATUS>
type Listener = Told<typeof LISTENER>
type Backend = Told<typeof BACKEND>
type Cluster = Told<typeof CLUSTER>
type QueuedCluster = Pick<Cluster, 'name' | 'queued' | 'longestWaitSeconds' | 'holdSeconds'>
type LimitedBackend = Pick<Backend, 'active' | 'maxConnections'>
type TieredCluster = Pick<Cluster, 'name' | 'servingTier'> & {
  readonly backends: readonly Pick<Backend, 'tier' | 'isLeaving'>[]
}
type Connection = Told<typeof CONNECTION>
type Drain = Told<typeof DRAIN>
type Name = Told<typeof NAME>
type Certificate = Told<typeof CERTIFICATE>

const DAY_MS = 24 * 3_600_000

const MOST_FAILING_NAMES = 3

export function listenerState({
  isListening,
  isLeaving,
  shortage,
}: Pick<Listener, 'isListening' | 'isLeaving' | 'shortage'>): string {
  if (isListening) return shortage === undefined ? 'listening' : `pauses (${shortage})`
  return isLeaving ? 'leaving' : 'closed'
}

/** Clients of the listener that were turned away on purpose. */
export function deniedOf({ denied }: Pick<Listener, 'denied'>): number {
  return denied.reduce((sum, { count }) => sum + count, 0)
}

/** What the config says goes first, then what an operator has set, then what the agent has set, then its health. */
export function backendState({
  isLeaving,
  state,
  setTo,
  agentSet,
  isFlapping,
  restingMs,
}: Pick<Backend, 'isLeaving' | 'state' | 'setTo' | 'agentSet' | 'isFlapping' | 'restingMs'>): string {
  if (isLeaving) return 'leaving'
  if (setTo !== 'up') return setTo
  if (agentSet === 'drain' || agentSet === 'maint') return `${agentSet} by agent`
  if (isFlapping) return `flapping, rests ${time(restingMs)}`
  return restingMs > 0 ? `${state}, rests ${time(restingMs)}` : state
}

/** `L4TOUT by check`, `L7STS (503) by check`, `AGENT (down: disk full)`. Empty while nothing is known. */
export function backendReason({
  judgedBy,
  reason,
  reasonDetail,
}: Pick<Backend, 'judgedBy' | 'reason' | 'reasonDetail'>): string {
  if (judgedBy === undefined || reason === undefined) return ''
  const why = reasonDetail === undefined ? reason : `${reason} (${reasonDetail})`
  return judgedBy === 'agent' ? why : `${why} by ${judgedBy}`
}

/** `3m 5s ago`: when it last went down or came back. Empty if it never did. `now`: ms since 1970. */
export function changedAgo({ changedAt }: Pick<Backend, 'changedAt'>, now: number): string {
  return changedAt === undefined ? '' : `${time(now - Date.parse(changedAt))} ago`
}

/** A tier says something only beside another one. */
export const hasTiers = (backends: readonly Pick<Backend, 'tier'>[]): boolean =>
  backends.some(({ tier }) => tier !== 0)

/** The backend of a connection. Before it has one, what it waits for: `(connect)`. */
export function destination({
  backend,
  backendAddress,
  via,
  phase,
}: Pick<Connection, 'backend' | 'backendAddress' | 'via' | 'phase'>): string {
  const isConnected = via !== undefined && (phase === 'response' || phase === 'data')
  return backendAddress ?? (isConnected ? backend : undefined) ?? `(${phase})`
}

/** `kernel/copy (small)`: the carrier up, the carrier down, and why a direction does not splice. */
export function carriers({ up, down }: Pick<Connection, 'up' | 'down'>): string {
  if (up.carrier === undefined || down.carrier === undefined) return NOTHING
  const why = [...new Set([up.notSplicing, down.notSplicing].filter((reason) => reason !== undefined))]
  return `${up.carrier}/${down.carrier}${why.length > 0 ? ` (${why.join(', ')})` : ''}`
}

/** `up 1.05 MB/s, down waits for listener`: the rates of a connection itself, and what makes it wait. Empty: no limit. */
export function limitsOf({ up, down }: Pick<Connection, 'up' | 'down'>): string {
  return [limitOf('up', up), limitOf('down', down)].filter(Boolean).join(', ')
}

function limitOf(which: string, { mostBytesPerSecond, waitsFor }: Connection['up']): string {
  const own = mostBytesPerSecond === undefined ? '' : ` ${rate(mostBytesPerSecond)}`
  const wait = waitsFor === undefined ? '' : ` waits for ${waitsFor}`
  return own + wait === '' ? '' : which + own + wait
}

/** `client-network 84%`: what limits the connection, and for which share of the time since the last look. Empty: nothing that is known. */
export function limitedBy({
  limitedBy: who,
  limitedShares,
}: Pick<Connection, 'limitedBy' | 'limitedShares'>): string {
  if (who === undefined || who === 'nobody') return ''
  return `${who} ${share(limitedShares?.[who] ?? 0, 1)}`
}

/** The share of all bytes that was spliced. */
export function splicedShare({
  bytesUp,
  bytesDown,
  splicedUp,
  splicedDown,
}: Pick<Told<typeof TRAFFIC>, 'bytesUp' | 'bytesDown' | 'splicedUp' | 'splicedDown'>): string {
  return share(splicedUp + splicedDown, bytesUp + bytesDown)
}

/** `for 4m 5s`. Empty before it serves. `now`: ms since 1970. */
export function servingFor({ startedAt }: Pick<Status, 'startedAt'>, now: number): string {
  return startedAt === undefined ? '' : `for ${time(now - Date.parse(startedAt))}`
}

/** `1 process`, `4 workers`, `3 of 4 workers`. */
export function processes({ workers, workersWanted }: Pick<Status, 'workers' | 'workersWanted'>): string {
  if (workers !== workersWanted) return `${workers} of ${workersWanted} workers`
  return workers === 1 ? '1 process' : `${workers} workers`
}

export function splicing({ notSplicing }: Pick<Status, 'notSplicing'>): string {
  return notSplicing === undefined ? 'splicing' : `not splicing: ${notSplicing}`
}

/** All that an operator has to know beside the figures, a line each. Empty: all is well. `now`: ms since 1970. */
export function troubles(status: Status, now: number): string[] {
  return [
    ...predecessors(status),
    ...workerTroubles(status),
    ...laterTiers(status.clusters),
    ...waitingClients(status.clusters),
    ...nameTroubles(status),
    ...listTroubles(status, now),
    ...certificateTroubles(status, now),
    ...changesAtRunTime(status),
  ]
}

/** `3 changes are not in the config file`, and those without an effect. `millrace diff` shows them. */
export function changesAtRunTime({ config }: Pick<Status, 'config'>): string[] {
  const { changes, changesWithoutEffect } = config
  const told = [
    changes > 0 &&
      `${counted(changes, 'change')} at run time ${changes === 1 ? 'is' : 'are'} not in the config file`,
    changesWithoutEffect > 0 &&
      `${counted(changesWithoutEffect, 'change')} at run time ${changesWithoutEffect === 1 ? 'has' : 'have'} no effect`,
  ]
  return told.flatMap((line) => (line === false ? [] : `${line} (millrace diff)`))
}

/** What is wrong with workers. Empty: nothing is wrong. */
export function workerTroubles({
  workersSilent,
  workerDeaths,
  workersDiffer,
}: Pick<Status, 'workersSilent' | 'workerDeaths' | 'workersDiffer'>): string[] {
  const troubles = [
    workersSilent > 0 && `no answer from ${counted(workersSilent, 'worker')}, figures are old`,
    workerDeaths > 0 && `${counted(workerDeaths, 'worker')} died`,
    workersDiffer.length > 0 && `workers differ in ${workersDiffer.join(', ')}`,
  ]
  return troubles.filter((trouble) => trouble !== false)
}

/** The process before an upgrade, while it has connections. Empty: there is none. */
export function predecessors({ predecessor }: Pick<Status, 'predecessor'>): string[] {
  if (predecessor === undefined) return []
  return [`predecessor (process ${predecessor.pid}): ${counted(predecessor.connections, 'connection')}`]
}

/** `cluster pg: 12 clients wait, the longest for 3.0s`, and for a hold `cluster pg: held for another 25.0s, 12 clients wait`. */
export function waitingClients(clusters: readonly QueuedCluster[]): string[] {
  return clusters.flatMap(({ name, queued, longestWaitSeconds, holdSeconds }) => {
    const wait = `${counted(queued, 'client')} ${queued === 1 ? 'waits' : 'wait'}`
    if (holdSeconds !== undefined)
      return `cluster ${name}: held for another ${time(holdSeconds * 1000)}, ${wait}`
    return queued === 0 ? [] : `cluster ${name}: ${wait}, the longest for ${time(longestWaitSeconds * 1000)}`
  })
}

/** `3`, and beside a limit `3/5`. */
export const openOf = ({ active, maxConnections }: LimitedBackend): string =>
  maxConnections === 0 ? count(active) : `${count(active)}/${count(maxConnections)}`

/** `cluster pg: tier 100 serves`, for each cluster in which another tier than the first one serves. */
export function laterTiers(clusters: readonly TieredCluster[]): string[] {
  return clusters.flatMap(({ name, servingTier, backends }) =>
    servingTier !== undefined && backends.some(({ tier, isLeaving }) => !isLeaving && tier < servingTier)
      ? `cluster ${name}: tier ${servingTier} serves`
      : [],
  )
}

/** ms. An operator has to renew a certificate that is valid for less than this. */
export const EXPIRES_SOON_MS = 7 * DAY_MS

/** `certificate a.example.com of listener web expires in 5d 3h`, for each one that has to be renewed. `now`: ms since 1970. */
export function certificateTroubles({ certificates }: Pick<Status, 'certificates'>, now: number): string[] {
  return certificates.flatMap(({ listener, name, expiresAt }) => {
    const leftMs = Date.parse(expiresAt) - now
    if (leftMs >= EXPIRES_SOON_MS) return []
    const when = leftMs < 0 ? 'has expired' : `expires in ${time(leftMs)}`
    return `certificate ${name} of listener ${listener} ${when}`
  })
}

/** `63 days`, `expired`. `now`: ms since 1970. */
export function daysLeft({ expiresAt }: Pick<Certificate, 'expiresAt'>, now: number): string {
  const leftMs = Date.parse(expiresAt) - now
  return leftMs < 0 ? 'expired' : counted(Math.floor(leftMs / DAY_MS), 'day')
}

/** `no answer for db.internal (NXDOMAIN)`. Only the first few: a DNS server that is down fails all names. */
export function nameTroubles({ names }: Pick<Status, 'names'>): string[] {
  const failing = names.filter(({ isFailing }) => isFailing)
  const told = failing.slice(0, MOST_FAILING_NAMES).map(({ name, error }) => `${name} (${error ?? '?'})`)
  if (told.length === 0) return []
  const more = failing.length - told.length
  return [`no answer for ${told.join(', ')}${more > 0 ? ` and ${more} more` : ''}`]
}

/**
 * `old list in use, read 12m 3s ago: deny.txt:3:1 "10.0.0.0/33": expected …`, for each file that has changed and cannot be used.
 * `now`: ms since 1970.
 */
export function listTroubles({ lists }: Pick<Status, 'lists'>, now: number): string[] {
  return lists.flatMap(({ file, loadedAt, isFailing, error }) =>
    isFailing ? [`old list in use, read ${time(now - Date.parse(loadedAt))} ago: ${error ?? file}`] : [],
  )
}

/** `listener web: 3 connections wait for bytesPerSecond down`, for each rate that makes connections wait at the moment. */
export function waitingRates({ rates }: Pick<Status, 'rates'>): string[] {
  return rates.flatMap(({ scope, per, direction, waiting }) => {
    if (waiting === 0) return []
    const owner = scope === 'process' ? 'the proxy' : scope.replace('/', ' ')
    const key = per === 'source' ? 'perSource.bytesPerSecond' : 'bytesPerSecond'
    const wait = `${counted(waiting, 'connection')} ${waiting === 1 ? 'waits' : 'wait'}`
    return `${owner}: ${wait} for ${key} ${direction}`
  })
}

/** `12.0s ago`, `never`. `now`: ms since 1970. */
export function answeredAgo({ answeredAt }: Pick<Name, 'answeredAt'>, now: number): string {
  return answeredAt === undefined ? 'never' : `${time(now - Date.parse(answeredAt))} ago`
}

/** `in 18.0s`, `now`. */
export function askedAgainIn({ nextAt }: Pick<Name, 'nextAt'>, now: number): string {
  return nextAt === undefined ? 'now' : `in ${time(Math.max(0, Date.parse(nextAt) - now))}`
}

/** `draining listener web: 12 connections left, 30.0s to the deadline`. `now`: ms since 1970. */
export function draining({ scope, left, deadlineAt }: Drain, now: number): string {
  const end =
    deadlineAt === undefined ? 'no deadline' : `${time(Date.parse(deadlineAt) - now)} to the deadline`
  return `draining ${scopeName(scope)}: ${counted(left, 'connection')} left, ${end}`
}

/** `2 bans, such as 192.0.2.0/24 for 12m 3s (120 refused)`. Empty: nobody is banned. `now`: ms since 1970. */
export function banned({ bans, topBans }: Pick<Status, 'bans' | 'topBans'>, now: number): string {
  if (bans.active === 0) return ''
  const told = topBans.map(({ clients, until, refused }) => {
    const where = clients.listener === undefined ? '' : ` at ${clients.listener}`
    return `${clients.network}${where} for ${time(Date.parse(until) - now)} (${refused} refused)`
  })
  const which = told.length < bans.active ? ', such as ' : ': '
  return `${counted(bans.active, 'ban')}${told.length === 0 ? '' : which}${told.join(', ')}`
}

function scopeName({ listener, cluster, backend }: Drain['scope']): string {
  if (listener !== undefined) return `listener ${listener}`
  if (backend !== undefined) return `backend ${backend} of ${cluster}`
  return cluster === undefined ? 'everything' : `cluster ${cluster}`
}
