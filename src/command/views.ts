/**
 * Answers as people read them. Pure: plain data → lines.
 */
import type { ConnectionInfo, ConnectionList } from '../control/answers.js'
import { bytes, counted, rate, share, time } from '../figures.js'
import type { BackendReport, DrainStatus, ListenerReport, ProxyStatus, Traffic } from '../observe/status.js'
import { type Column, table } from './table.js'

export interface BackendRow extends BackendReport {
  readonly cluster: string
}

const spliced = ({ splicedUp, splicedDown, bytesUp, bytesDown }: Traffic): string =>
  share(splicedUp + splicedDown, bytesUp + bytesDown)

const LISTENER_COLUMNS: readonly Column<ListenerReport>[] = [
  { title: 'LISTENER', text: ({ name }) => name },
  { title: 'ADDRESS', text: ({ address }) => address },
  {
    title: 'STATE',
    text: ({ isListening, isLeaving }) => (isListening ? 'listening' : isLeaving ? 'leaving' : 'closed'),
  },
  { title: 'ACTIVE', isRight: true, text: ({ active }) => String(active) },
  { title: 'ACCEPTED', isRight: true, text: ({ accepted }) => String(accepted) },
  { title: 'UP', isRight: true, text: ({ traffic }) => bytes(traffic.bytesUp) },
  { title: 'DOWN', isRight: true, text: ({ traffic }) => bytes(traffic.bytesDown) },
  { title: 'SPLICED', isRight: true, text: ({ traffic }) => spliced(traffic) },
]

const BACKEND_COLUMNS: readonly Column<BackendRow>[] = [
  { title: 'CLUSTER', text: ({ cluster }) => cluster },
  { title: 'BACKEND', text: ({ address }) => address },
  { title: 'STATE', text: stateOf },
  { title: 'WEIGHT', isRight: true, text: ({ weight }) => String(weight) },
  { title: 'ACTIVE', isRight: true, text: ({ active }) => String(active) },
  { title: 'CONNECTS', isRight: true, text: ({ connections }) => String(connections) },
  { title: 'FAILED', isRight: true, text: ({ failures }) => String(failures) },
  { title: 'UP', isRight: true, text: ({ traffic }) => bytes(traffic.bytesUp) },
  { title: 'DOWN', isRight: true, text: ({ traffic }) => bytes(traffic.bytesDown) },
  { title: 'LAST ERROR', text: ({ lastError }) => lastError ?? '' },
]

const CONNECTION_COLUMNS: readonly Column<ConnectionInfo>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'LISTENER', text: ({ listener }) => listener },
  { title: 'CLIENT', text: ({ client }) => client },
  { title: 'BACKEND', text: ({ backendAddress, phase }) => backendAddress ?? `(${phase})` },
  { title: 'AGE', isRight: true, text: ({ ageMs }) => time(ageMs) },
  { title: 'IDLE', isRight: true, text: ({ idleMs }) => time(idleMs) },
  { title: 'UP', isRight: true, text: ({ up }) => bytes(up.bytes) },
  { title: 'DOWN', isRight: true, text: ({ down }) => bytes(down.bytes) },
  { title: 'UP/S', isRight: true, text: ({ up }) => rate(up.bytesPerSecond) },
  { title: 'DOWN/S', isRight: true, text: ({ down }) => rate(down.bytesPerSecond) },
  { title: 'CARRIERS', text: carriersOf },
]

export function statusLines(status: ProxyStatus, now: number): string[] {
  const { connections } = status
  const total = connections.bytesUp + connections.bytesDown
  return [
    headline(status, now),
    `${counted(connections.active, 'connection')}, ${connections.ended} ended; ${bytes(connections.bytesUp)} up, ${bytes(connections.bytesDown)} down, spliced ${share(connections.splicedUp + connections.splicedDown, total)}`,
    ...status.drains.map((drain) => drainLine(drain, now)),
    '',
    ...table(LISTENER_COLUMNS, status.listeners),
    '',
    ...table(BACKEND_COLUMNS, backendRows(status)),
  ]
}

function drainLine({ scope, left, deadlineAt }: DrainStatus, now: number): string {
  const { listener, cluster, backend } = scope
  const inCluster = backend === undefined ? `cluster ${cluster}` : `backend ${backend} of ${cluster}`
  const inPart = listener === undefined ? inCluster : `listener ${listener}`
  const what = listener === undefined && cluster === undefined ? 'everything' : inPart
  const end = deadlineAt === undefined ? 'without a deadline' : `${time(Date.parse(deadlineAt) - now)} to go`
  return `draining ${what}: ${counted(left, 'connection')} left, ${end}`
}

export function headline(status: ProxyStatus, now: number): string {
  const { state, version, startedAt, workers, notSplicing } = status
  const since = startedAt === undefined ? '' : ` for ${time(now - Date.parse(startedAt))}`
  const how = notSplicing === undefined ? 'splicing' : `not splicing: ${notSplicing}`
  return `millrace ${version} ${state}${since}, ${workers === 1 ? '1 process' : `${workers} workers`}, ${how}`
}

export function connectionLines({ matched, connections }: ConnectionList): string[] {
  if (matched === 0) return ['no connections']
  const lines = table(CONNECTION_COLUMNS, connections)
  return connections.length < matched ? [...lines, `and ${matched - connections.length} more`] : lines
}

export function backendRows({ clusters }: ProxyStatus): BackendRow[] {
  return clusters.flatMap(({ name, backends }) => backends.map((backend) => ({ ...backend, cluster: name })))
}

/** What the config has said goes before what an operator has, and that before what connects say. */
export function stateOf({ isLeaving, state, setTo, restingMs }: BackendReport): string {
  if (isLeaving) return 'leaving'
  if (setTo !== 'up') return setTo === 'drain' ? 'drained' : 'taken out'
  return restingMs > 0 ? `${state}, rests ${time(restingMs)}` : state
}

/** `kernel/copy (small)`: upwards, downwards, and why not by the kernel. */
export function carriersOf({ up, down }: ConnectionInfo): string {
  if (up.carrier === undefined || down.carrier === undefined) return '-'
  const why = [...new Set([up.notSplicing, down.notSplicing].filter((reason) => reason !== undefined))]
  return `${up.carrier}/${down.carrier}${why.length > 0 ? ` (${why.join(', ')})` : ''}`
}
