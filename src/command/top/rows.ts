/**
 * The rows of `top`: what has changed between two moments, and in which order. Pure.
 */
import type { ConnectionInfo } from '../../control/answers.js'
import type { BackendReport, ListenerReport, ProxyStatus, Traffic } from '../../observe/status.js'
import { deniedOf } from '../../words.js'
import { type BackendRow, backendRows } from '../views.js'
import type { Order } from './view.js'

export interface Moment {
  /** ms since 1970. */
  readonly at: number
  readonly status: ProxyStatus
  /** The busiest come first. */
  readonly connections: readonly ConnectionInfo[]
}

/** Bytes per second. */
export interface Flow {
  readonly up: number
  readonly down: number
  readonly spliced: number
}

/** How urgent a row is for an operator. */
type Urgency = 'down' | 'out' | 'up'

interface Row {
  readonly name: string
  readonly urgency: Urgency
  readonly active: number
  readonly flow: Flow
}

export interface ListenerRow extends Row {
  readonly report: ListenerReport
  readonly perSecond: number
  readonly deniedPerSecond: number
}

export interface ClusterRow extends Row {
  /** Backends that get new connections, and all that the config has. */
  readonly available: number
  readonly backends: number
}

export interface FlowingBackend extends Row {
  readonly report: BackendRow
}

export interface ConnectionRow extends Row {
  readonly info: ConnectionInfo
}

export interface Rows {
  readonly total: Flow
  readonly listeners: readonly ListenerRow[]
  readonly clusters: readonly ClusterRow[]
  readonly backends: readonly FlowingBackend[]
  readonly connections: readonly ConnectionRow[]
}

const URGENCIES: readonly Urgency[] = ['down', 'out', 'up']

/** What is down comes first, then what is out of service, then everything else. `before` undefined: all rates are 0. */
export function rowsOf(before: Moment | undefined, now: Moment, order: Order): Rows {
  const seconds = before === undefined ? 0 : (now.at - before.at) / 1000
  const compare = comparing(order)
  const [was, { status }] = [before?.status, now]
  return {
    total: flow(was?.connections, status.connections, seconds),
    listeners: listeners(was, status, seconds).sort(compare),
    clusters: clusters(was, status, seconds).sort(compare),
    backends: backends(was, status, seconds).sort(compare),
    connections: now.connections.map(connectionRow).sort(compare),
  }
}

function comparing(order: Order): (a: Row, b: Row) => number {
  return (a, b) => URGENCIES.indexOf(a.urgency) - URGENCIES.indexOf(b.urgency) || BY[order](a, b)
}

/** Numbers inside names count as numbers: web-2 comes before web-10. */
const { compare: compareNames } = new Intl.Collator('en', { numeric: true })
const byName = (a: Row, b: Row): number => compareNames(a.name, b.name)
const BY: Readonly<Record<Order, (a: Row, b: Row) => number>> = {
  rate: (a, b) => b.flow.up + b.flow.down - a.flow.up - a.flow.down,
  connections: (a, b) => b.active - a.active,
  name: byName,
}

function listeners(before: ProxyStatus | undefined, now: ProxyStatus, seconds: number): ListenerRow[] {
  const earlier = new Map(before?.listeners.map((each) => [each.name, each]))
  return now.listeners.map((report) => {
    const { name, active, accepted, traffic, isListening, isLeaving, shortage } = report
    const was = earlier.get(name)
    const urgency = isListening && shortage === undefined ? 'up' : isLeaving ? 'out' : 'down'
    return {
      name,
      urgency,
      active,
      report,
      perSecond: perSecond(accepted - (was?.accepted ?? accepted), seconds),
      deniedPerSecond: perSecond(deniedOf(report) - deniedOf(was ?? report), seconds),
      flow: flow(was?.traffic, traffic, seconds),
    }
  })
}

function clusters(before: ProxyStatus | undefined, now: ProxyStatus, seconds: number): ClusterRow[] {
  const earlier = new Map(before?.clusters.map((each) => [each.name, each]))
  return now.clusters.map(({ name, active, traffic, isLeaving, ...cluster }) => {
    const present = cluster.backends.filter((each) => !each.isLeaving)
    const available = present.filter((each) => urgencyOf(each) === 'up').length
    return {
      name,
      urgency: clusterUrgency(isLeaving, available, present.length),
      active,
      available,
      backends: present.length,
      flow: flow(earlier.get(name)?.traffic, traffic, seconds),
    }
  })
}

function clusterUrgency(isLeaving: boolean, available: number, backends: number): Urgency {
  if (isLeaving) return 'out'
  if (available === backends) return 'up'
  return available === 0 ? 'down' : 'out'
}

function backends(before: ProxyStatus | undefined, now: ProxyStatus, seconds: number): FlowingBackend[] {
  const name = ({ cluster, address }: BackendRow): string => `${cluster}/${address}`
  const earlier = new Map((before && backendRows(before))?.map((each) => [name(each), each]))
  return backendRows(now).map((report) => ({
    name: name(report),
    urgency: urgencyOf(report),
    active: report.active,
    report,
    flow: flow(earlier.get(name(report))?.traffic, report.traffic, seconds),
  }))
}

function urgencyOf({ isLeaving, setTo, agentSet, state }: BackendReport): Urgency {
  if (isLeaving || setTo !== 'up' || agentSet === 'drain' || agentSet === 'maint') return 'out'
  return state === 'up' ? 'up' : 'down'
}

function connectionRow(info: ConnectionInfo): ConnectionRow {
  const { client, up, down } = info
  const rates = { up: up.bytesPerSecond, down: down.bytesPerSecond, spliced: 0 }
  return { name: client, urgency: 'up', active: 1, info, flow: rates }
}

/** Counts that have become smaller belong to a process that was started again: `perSecond` shows 0. */
function flow(before: Traffic | undefined, now: Traffic, seconds: number): Flow {
  if (before === undefined) return { up: 0, down: 0, spliced: 0 }
  const spliced = now.splicedUp + now.splicedDown - before.splicedUp - before.splicedDown
  return {
    up: perSecond(now.bytesUp - before.bytesUp, seconds),
    down: perSecond(now.bytesDown - before.bytesDown, seconds),
    spliced: perSecond(spliced, seconds),
  }
}

const perSecond = (amount: number, seconds: number): number =>
  seconds > 0 ? Math.max(0, amount / seconds) : 0
