/**
 * One screen of `top`: what has changed between two moments, within the lines and columns of the terminal.
 * Pure.
 */
import type { ConnectionInfo } from '../../control/answers.js'
import { visible } from '../../escape.js'
import { count, counted, frequency, rate, share, time } from '../../figures.js'
import type { ProxyStatus, Traffic } from '../../observe/status.js'
import { backendState, carriers, deniedOf, destination, limitedBy } from '../../words.js'
import { type Column, cut, table } from '../table.js'
import { type BackendRow, backendRows, changedColumn, headlines, REASON, TIER } from '../views.js'

export interface Moment {
  /** ms since 1970. */
  readonly at: number
  readonly status: ProxyStatus
  /** The busiest come first. */
  readonly connections: readonly ConnectionInfo[]
}

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Bytes per second. */
interface Flow {
  readonly up: number
  readonly down: number
  readonly spliced: number
}

interface ClusterRow {
  readonly name: string
  readonly active: number
  readonly flow: Flow
}

interface ListenerRow {
  readonly name: string
  readonly active: number
  readonly perSecond: number
  readonly deniedPerSecond: number
  readonly flow: Flow
}

interface FlowingBackend extends BackendRow {
  readonly flow: Flow
}

const flowColumns = <Row extends { readonly flow: Flow }>(): Column<Row>[] => [
  { title: 'UP/S', isRight: true, text: ({ flow }) => rate(flow.up) },
  { title: 'DOWN/S', isRight: true, text: ({ flow }) => rate(flow.down) },
  { title: 'SPLICED', isRight: true, text: ({ flow }) => share(flow.spliced, flow.up + flow.down) },
]

const LISTENERS: readonly Column<ListenerRow>[] = [
  { title: 'LISTENER', text: ({ name }) => name },
  { title: 'ACTIVE', isRight: true, text: ({ active }) => count(active) },
  { title: 'NEW/S', isRight: true, text: ({ perSecond }) => frequency(perSecond) },
  {
    title: 'DENIED/S',
    isRight: true,
    isShown: (rows) => rows.some(({ deniedPerSecond }) => deniedPerSecond > 0),
    text: ({ deniedPerSecond }) => frequency(deniedPerSecond),
  },
  ...flowColumns<ListenerRow>(),
]

const CLUSTERS: readonly Column<ClusterRow>[] = [
  { title: 'CLUSTER', text: ({ name }) => name },
  { title: 'ACTIVE', isRight: true, text: ({ active }) => count(active) },
  ...flowColumns<ClusterRow>(),
]

const backendColumns = (now: number): readonly Column<FlowingBackend>[] => [
  { title: 'BACKEND', text: ({ cluster, address }) => `${cluster}/${address}` },
  TIER,
  { title: 'STATE', text: backendState },
  { title: 'ACTIVE', isRight: true, text: ({ active }) => count(active) },
  ...flowColumns<FlowingBackend>(),
  changedColumn(now),
  REASON,
]

const CONNECTIONS: readonly Column<ConnectionInfo>[] = [
  { title: 'CLIENT', text: ({ client }) => client },
  { title: 'BACKEND', text: destination },
  { title: 'AGE', isRight: true, text: ({ ageMs }) => time(ageMs) },
  { title: 'UP/S', isRight: true, text: ({ up }) => rate(up.bytesPerSecond) },
  { title: 'DOWN/S', isRight: true, text: ({ down }) => rate(down.bytesPerSecond) },
  { title: 'CARRIERS', text: carriers },
  { title: 'LIMITED BY', isShown: (rows) => rows.some((row) => limitedBy(row) !== ''), text: limitedBy },
]

/** The lines that each table has at least: its titles and its busiest row. */
const LEAST_LINES = 2

/** At most `rows` lines, none wider than `columns`. */
export function frame(before: Moment | undefined, now: Moment, { columns, rows }: Size, note = ''): string[] {
  const seconds = before === undefined ? 0 : (now.at - before.at) / 1000
  const { status } = now
  const total = flow(before?.status.connections, status.connections, seconds)
  const fixed = [
    ...headlines(status, now.at, note),
    `${counted(status.connections.active, 'connection')}  up ${rate(total.up)}  down ${rate(total.down)}  spliced ${share(total.spliced, total.up + total.down)}`,
  ]
  const tables = [
    table(LISTENERS, listeners(before?.status, status, seconds), columns),
    table(CLUSTERS, clusters(before?.status, status, seconds), columns),
    table(backendColumns(now.at), flowingBackends(before?.status, status, seconds), columns),
  ]
  // Each table shows its busiest rows. Half of the screen is for connections.
  const most = Math.max(LEAST_LINES, Math.floor((rows - fixed.length) / 2 / tables.length) - 1)
  const lines = [
    ...fixed,
    ...tables.flatMap((each) => ['', ...each.slice(0, most)]),
    '',
    ...table(CONNECTIONS, now.connections, columns),
  ]
  return lines.map((line) => cut(visible(line), columns)).slice(0, rows)
}

function listeners(before: ProxyStatus | undefined, now: ProxyStatus, seconds: number): ListenerRow[] {
  const rows = now.listeners.map((listener) => {
    const { name, active, accepted, traffic } = listener
    const earlier = before?.listeners.find((each) => each.name === name)
    return {
      name,
      active,
      perSecond: perSecond(accepted - (earlier?.accepted ?? accepted), seconds),
      deniedPerSecond: perSecond(deniedOf(listener) - deniedOf(earlier ?? listener), seconds),
      flow: flow(earlier?.traffic, traffic, seconds),
    }
  })
  return rows.sort(byFlow)
}

function clusters(before: ProxyStatus | undefined, now: ProxyStatus, seconds: number): ClusterRow[] {
  const rows = now.clusters.map(({ name, active, traffic }) => {
    const earlier = before?.clusters.find((each) => each.name === name)
    return { name, active, flow: flow(earlier?.traffic, traffic, seconds) }
  })
  return rows.sort(byFlow)
}

function flowingBackends(
  before: ProxyStatus | undefined,
  now: ProxyStatus,
  seconds: number,
): FlowingBackend[] {
  const earlier = before === undefined ? [] : backendRows(before)
  const rows = backendRows(now).map((row) => {
    const was = earlier.find(({ cluster, address }) => cluster === row.cluster && address === row.address)
    return { ...row, flow: flow(was?.traffic, row.traffic, seconds) }
  })
  return rows.sort(byFlow)
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

const byFlow = (a: { readonly flow: Flow }, b: { readonly flow: Flow }): number =>
  b.flow.up + b.flow.down - a.flow.up - a.flow.down
