/**
 * Answers as lines for people. Pure.
 */
import type { ConnectionInfo, ConnectionList } from '../control/answers.js'
import { bytes, count, counted, rate, time } from '../figures.js'
import type { BackendReport, ListenerReport, ProxyStatus } from '../observe/status.js'
import {
  answeredAgo,
  askedAgainIn,
  backendReason,
  backendState,
  banned,
  carriers,
  changedAgo,
  daysLeft,
  deniedOf,
  destination,
  draining,
  hasTiers,
  limitedBy,
  limitsOf,
  listenerState,
  openOf,
  processes,
  servingFor,
  splicedShare,
  splicing,
  troubles,
  waitingRates,
} from '../words.js'
import { type Column, table } from './table.js'

export interface BackendRow extends BackendReport {
  readonly cluster: string
}

const LISTENER_COLUMNS: readonly Column<ListenerReport>[] = [
  { title: 'LISTENER', text: ({ name }) => name },
  { title: 'ADDRESS', text: ({ address }) => address },
  { title: 'STATE', text: listenerState },
  { title: 'ACTIVE', isRight: true, text: ({ active }) => count(active) },
  { title: 'ACCEPTED', isRight: true, text: ({ accepted }) => count(accepted) },
  {
    title: 'DENIED',
    isRight: true,
    isShown: (rows) => rows.some((row) => deniedOf(row) > 0),
    text: (row) => count(deniedOf(row)),
  },
  { title: 'UP', isRight: true, text: ({ traffic }) => bytes(traffic.bytesUp) },
  { title: 'DOWN', isRight: true, text: ({ traffic }) => bytes(traffic.bytesDown) },
  { title: 'SPLICED', isRight: true, text: ({ traffic }) => splicedShare(traffic) },
]

/** Columns that only backends with tiers or with a judgement have. */
export const TIER: Column<BackendReport> = {
  title: 'TIER',
  isRight: true,
  isShown: hasTiers,
  text: ({ tier }) => String(tier),
}
export const REASON: Column<BackendReport> = {
  title: 'REASON',
  isShown: (rows) => rows.some((row) => backendReason(row) !== ''),
  text: backendReason,
}
export const changedColumn = (now: number): Column<BackendReport> => ({
  title: 'CHANGED',
  isRight: true,
  isShown: (rows) => rows.some(({ changedAt }) => changedAt !== undefined),
  text: (row) => changedAgo(row, now),
})

const backendColumns = (now: number): readonly Column<BackendRow>[] => [
  { title: 'CLUSTER', text: ({ cluster }) => cluster },
  { title: 'BACKEND', text: ({ address }) => address },
  TIER,
  { title: 'STATE', text: backendState },
  changedColumn(now),
  { title: 'WEIGHT', isRight: true, text: ({ weight }) => String(weight) },
  { title: 'ACTIVE', isRight: true, text: openOf },
  { title: 'CONNECTS', isRight: true, text: ({ connections }) => count(connections) },
  { title: 'FAILED', isRight: true, text: ({ failures }) => count(failures) },
  { title: 'UP', isRight: true, text: ({ traffic }) => bytes(traffic.bytesUp) },
  { title: 'DOWN', isRight: true, text: ({ traffic }) => bytes(traffic.bytesDown) },
  REASON,
  { title: 'LAST ERROR', text: ({ lastError }) => lastError ?? '' },
]

const nameColumns = (now: number): readonly Column<ProxyStatus['names'][number]>[] => [
  { title: 'NAME', text: ({ name }) => name },
  { title: 'ADDRESSES', isRight: true, text: ({ places }) => String(places.length) },
  { title: 'ANSWERED', isRight: true, text: (name) => answeredAgo(name, now) },
  { title: 'NEXT', isRight: true, text: (name) => askedAgainIn(name, now) },
  { title: 'ERROR', text: ({ error }) => error ?? '' },
]

const listColumns = (now: number): readonly Column<ProxyStatus['lists'][number]>[] => [
  { title: 'LIST', text: ({ file }) => file },
  { title: 'KIND', text: ({ kind }) => kind },
  { title: 'ENTRIES', isRight: true, text: ({ entries }) => String(entries) },
  { title: 'LOADED', isRight: true, text: ({ loadedAt }) => `${time(now - Date.parse(loadedAt))} ago` },
]

const certificateColumns = (now: number): readonly Column<ProxyStatus['certificates'][number]>[] => [
  { title: 'CERTIFICATE', text: ({ name }) => name },
  { title: 'LISTENER', text: ({ listener }) => listener },
  { title: 'KIND', text: ({ kind }) => kind },
  { title: 'LEFT', isRight: true, text: (certificate) => daysLeft(certificate, now) },
  { title: 'FILE', text: ({ file }) => file },
]

const CONNECTION_COLUMNS: readonly Column<ConnectionInfo>[] = [
  { title: 'ID', text: ({ id }) => id },
  {
    title: 'PREDECESSOR',
    isRight: true,
    isShown: (rows) => rows.some(({ predecessor }) => predecessor !== undefined),
    text: ({ predecessor }) => String(predecessor ?? ''),
  },
  { title: 'LISTENER', text: ({ listener }) => listener },
  { title: 'CLIENT', text: ({ client }) => client },
  { title: 'BACKEND', text: destination },
  { title: 'AGE', isRight: true, text: ({ ageMs }) => time(ageMs) },
  { title: 'IDLE', isRight: true, text: ({ idleMs }) => time(idleMs) },
  { title: 'UP', isRight: true, text: ({ up }) => bytes(up.bytes) },
  { title: 'DOWN', isRight: true, text: ({ down }) => bytes(down.bytes) },
  { title: 'UP/S', isRight: true, text: ({ up }) => rate(up.bytesPerSecond) },
  { title: 'DOWN/S', isRight: true, text: ({ down }) => rate(down.bytesPerSecond) },
  { title: 'CARRIERS', text: carriers },
  { title: 'LIMITED BY', isShown: (rows) => rows.some((row) => limitedBy(row) !== ''), text: limitedBy },
  { title: 'LIMITS', isShown: (rows) => rows.some((row) => limitsOf(row) !== ''), text: limitsOf },
]

export function statusLines(status: ProxyStatus, now: number): string[] {
  const { connections } = status
  return [
    ...headlines(status, now),
    `${counted(connections.active, 'connection')}, ${connections.ended} ended; ${bytes(connections.bytesUp)} up, ${bytes(connections.bytesDown)} down, spliced ${splicedShare(connections)}`,
    ...status.drains.map((drain) => draining(drain, now)),
    ...[banned(status, now)].filter((line) => line !== ''),
    ...waitingRates(status),
    '',
    ...table(LISTENER_COLUMNS, status.listeners),
    '',
    ...table(backendColumns(now), backendRows(status)),
    ...(status.names.length > 0 ? ['', ...table(nameColumns(now), status.names)] : []),
    ...(status.lists.length > 0 ? ['', ...table(listColumns(now), status.lists)] : []),
    ...(status.certificates.length > 0 ? ['', ...table(certificateColumns(now), status.certificates)] : []),
  ]
}

/** What runs, then what is wrong with its workers, and which clusters run on a later tier. */
export function headlines(status: ProxyStatus, now: number, note = ''): string[] {
  const serving = [`millrace ${status.version} ${status.state}`, servingFor(status, now)].filter(Boolean)
  const what = `${serving.join(' ')}, ${processes(status)}, ${splicing(status)}`
  return [note === '' ? what : `${what}  ${note}`, ...troubles(status, now)]
}

export function connectionLines({ matched, connections }: ConnectionList): string[] {
  if (matched === 0) return ['no connections']
  const lines = table(CONNECTION_COLUMNS, connections)
  return connections.length < matched ? [...lines, `and ${matched - connections.length} more`] : lines
}

export function backendRows({ clusters }: ProxyStatus): BackendRow[] {
  return clusters.flatMap(({ name, backends }) => backends.map((backend) => ({ ...backend, cluster: name })))
}
