/**
 * The columns of the tables of `top`. Pure.
 */
import { count, frequency, rate, share, time } from '../../figures.js'
import { backendState, carriers, destination, limitedBy, listenerState } from '../../words.js'
import type { Column } from '../table.js'
import { changedColumn, REASON, TIER } from '../views.js'
import type { ClusterRow, ConnectionRow, Flow, FlowingBackend, ListenerRow } from './rows.js'

type BackendReport = FlowingBackend['report']

const flowColumns = <Row extends { readonly flow: Flow }>(): Column<Row>[] => [
  { title: 'UP/S', isRight: true, text: ({ flow }) => rate(flow.up) },
  { title: 'DOWN/S', isRight: true, text: ({ flow }) => rate(flow.down) },
  {
    title: 'SPLICED',
    isRight: true,
    isSpare: true,
    text: ({ flow }) => share(flow.spliced, flow.up + flow.down),
  },
]

export const LISTENERS: readonly Column<ListenerRow>[] = [
  { title: 'LISTENER', isName: true, text: ({ name }) => name },
  {
    title: 'STATE',
    isShown: (rows) => rows.some(({ urgency }) => urgency !== 'up'),
    text: ({ report }) => listenerState(report),
  },
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

export const CLUSTERS: readonly Column<ClusterRow>[] = [
  { title: 'CLUSTER', isName: true, text: ({ name }) => name },
  {
    title: 'BACKENDS',
    isShown: (rows) => rows.some(({ urgency }) => urgency !== 'up'),
    text: ({ available, backends }) => `${available} of ${backends} up`,
  },
  { title: 'ACTIVE', isRight: true, text: ({ active }) => count(active) },
  ...flowColumns<ClusterRow>(),
]

export const backendColumns = (now: number): readonly Column<FlowingBackend>[] => [
  { title: 'BACKEND', isName: true, text: ({ name }) => name },
  ofReport(TIER),
  { title: 'STATE', text: ({ report }) => backendState(report) },
  { title: 'ACTIVE', isRight: true, text: ({ active }) => count(active) },
  ...flowColumns<FlowingBackend>(),
  { ...ofReport(changedColumn(now)), isSpare: true },
  ofReport(REASON),
]

export const CONNECTIONS: readonly Column<ConnectionRow>[] = [
  { title: 'CLIENT', isName: true, text: ({ name }) => name },
  { title: 'BACKEND', isName: true, text: ({ info }) => destination(info) },
  { title: 'AGE', isRight: true, text: ({ info }) => time(info.ageMs) },
  { title: 'UP/S', isRight: true, text: ({ flow }) => rate(flow.up) },
  { title: 'DOWN/S', isRight: true, text: ({ flow }) => rate(flow.down) },
  { title: 'CARRIERS', text: ({ info }) => carriers(info) },
  {
    title: 'LIMITED BY',
    isShown: (rows) => rows.some(({ info }) => limitedBy(info) !== ''),
    text: ({ info }) => limitedBy(info),
  },
]

function ofReport({ isShown, text, ...column }: Column<BackendReport>): Column<FlowingBackend> {
  return {
    ...column,
    ...(isShown && { isShown: (rows) => isShown(rows.map(({ report }) => report)) }),
    text: ({ report }) => text(report),
  }
}
