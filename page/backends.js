// @ts-check
/** The table of backends: their state and its reason, their counts, and their latencies in the last five minutes. */
import { bytes, count, NOTHING } from '/assets/dist/figures.js'
import { backendReason, backendState, changedAgo, hasTiers, openOf } from '/assets/dist/words.js'
import { quantile, quantileIndex } from './figures.js'
import { Table } from './tables.js'

/** @import { Backend, Cluster } from './moment.js' */
/** @import { Growths } from './growth.js' */
/** @import { Column } from './tables.js' */

/** @typedef {Backend & { cluster: string, recentFailures: number }} BackendRow */
/** @typedef {'connectSeconds' | 'firstByteSeconds'} LatencyName */

/**
 * Backends that are down come first. Then come those that an operator or a reload took out of service, and those with connects
 * that failed.
 * @param {readonly Cluster[]} clusters
 * @param {Growths} growths
 * @returns {readonly BackendRow[]}
 */
export function backendRows(clusters, growths) {
  const rows = clusters.flatMap(({ name: cluster, backends }) =>
    backends.map((backend) => ({
      ...backend,
      cluster,
      recentFailures: recentFailures(cluster, backend, growths),
    })),
  )
  return rows.toSorted((a, b) => urgencyOf(a) - urgencyOf(b))
}

/**
 * @param {string} cluster
 * @param {Backend} backend
 * @param {Growths} growths
 */
const recentFailures = (cluster, { address }, growths) =>
  growths.of(failuresKey({ cluster, address }))[0] ?? 0

/** @param {BackendRow} row */
function urgencyOf(row) {
  const tone = toneOf(row)
  if (tone !== 'good') return tone === 'bad' ? 0 : 1
  return row.recentFailures > 0 ? 2 : 3
}

/** @param {Backend} backend */
export function toneOf({ setTo, agentSet, state, isLeaving }) {
  if (isLeaving || setTo !== 'up' || agentSet === 'drain' || agentSet === 'maint') return 'warn'
  return state === 'up' ? 'good' : 'bad'
}

/** @param {readonly BackendRow[]} rows */
const haveReasons = (rows) => rows.some((row) => backendReason(row) !== '')

/** @type {readonly Column<BackendRow>[]} */
const HEALTH = [
  {
    title: 'Tier',
    hint: 'Backends of a greater tier get connections only if no backend of a smaller one is available',
    width: 3.5,
    isNumber: true,
    isShown: hasTiers,
    cell: ({ tier }) => String(tier),
    value: ({ tier }) => tier,
  },
  { title: 'State', width: 5.75, cell: backendState, tone: toneOf },
  {
    title: 'Reason',
    hint: 'Why the backend is up or down, as HAProxy abbreviates it, and what decides: checks, its agent, connects or answers. If nothing decides, the error of the last connect that failed',
    width: 11,
    isWide: true,
    isShown: haveReasons,
    cell: (row) => backendReason(row) || (row.lastError ?? ''),
  },
  {
    title: 'Changed',
    hint: 'When the backend last went down or came back',
    width: 6.5,
    isNumber: true,
    isWide: true,
    isShown: (rows) => rows.some(({ changedAt }) => changedAt !== undefined),
    cell: (row) => changedAgo(row, Date.now()),
    value: ({ changedAt }) => (changedAt === undefined ? 0 : Date.parse(changedAt)),
  },
]

/** @type {readonly Column<BackendRow>[]} */
const COUNTS = [
  {
    title: 'Weight',
    hint: 'Its share of new connections, beside the other weights of the cluster',
    width: 4,
    isNumber: true,
    isWide: true,
    cell: ({ weight }) => String(weight),
    value: ({ weight }) => weight,
  },
  {
    title: 'Active',
    hint: 'Connections in use now',
    width: 4.5,
    isNumber: true,
    cell: openOf,
    value: ({ active }) => active,
  },
  {
    title: 'Connects',
    hint: 'Connects that succeeded, since millrace started',
    width: 5,
    isNumber: true,
    isWide: true,
    cell: (each) => count(each.connections),
    value: (each) => each.connections,
  },
  {
    title: 'Failed, 5 min',
    hint: 'Connects that failed because of the backend, in the last five minutes',
    width: 5,
    isNumber: true,
    cell: (row) => count(row.recentFailures),
    value: (row) => row.recentFailures,
    tone: (row) => (row.recentFailures > 0 ? 'bad' : ''),
  },
  {
    title: 'Last error',
    hint: 'The error of the last connect that failed',
    width: 11,
    isWide: true,
    // The reasons have the errors, too, and there is no room for both.
    isShown: (rows) => !haveReasons(rows),
    cell: ({ lastError }) => lastError ?? '',
  },
]

/** @type {readonly Column<BackendRow>[]} */
const BYTES = [
  {
    title: 'Up',
    hint: 'Bytes from clients to this backend, since millrace started',
    width: 5.5,
    isNumber: true,
    isWide: true,
    cell: ({ traffic }) => bytes(traffic.bytesUp),
    value: ({ traffic }) => traffic.bytesUp,
  },
  {
    title: 'Down',
    hint: 'Bytes from this backend to clients, since millrace started',
    width: 5.5,
    isNumber: true,
    isWide: true,
    cell: (each) => bytes(each.traffic.bytesDown),
    value: (each) => each.traffic.bytesDown,
  },
]

/** @param {Growths} growths */
export function backendTable(growths) {
  const connectHint = 'From the dial to a connected backend, retries included'
  const firstByteHint = 'From a connected backend to its first byte'
  /** @type {Column<BackendRow>[]} */
  const columns = [
    { title: 'Backend', width: 11, cell: ({ address }) => address },
    { title: 'Cluster', width: 6.25, cell: ({ cluster }) => cluster },
    ...HEALTH,
    ...COUNTS,
    latencyColumn('Connect', connectHint, 'connectSeconds', growths),
    latencyColumn('First byte', firstByteHint, 'firstByteSeconds', growths),
    ...BYTES,
  ]
  return new Table({ id: 'backends', columns, keyOf, empty: 'The config has no backends', most: 20 })
}

/**
 * @param {string} title
 * @param {string} what what the time is measured from and to
 * @param {LatencyName} name
 * @param {Growths} growths
 * @returns {Column<BackendRow>}
 */
function latencyColumn(title, what, name, growths) {
  /** @param {BackendRow} row */
  const recent = (row) => ({ bounds: row[name].bounds, counts: growths.of(latencyKey(row, name)) })
  return {
    title: `${title} p50, p99`,
    hint: `${what}, in the last five minutes. 50 % of connections took at most the first time, 99 % at most the second`,
    width: 7.75,
    isNumber: true,
    cell: (row) => {
      const histogram = recent(row)
      const isEmpty = histogram.counts.every((count) => count === 0)
      return isEmpty ? NOTHING : `${quantile(histogram, 0.5)}, ${quantile(histogram, 0.99)}`
    },
    value: (row) => quantileIndex(recent(row), 0.99),
  }
}

/** @type {readonly LatencyName[]} */
export const LATENCIES = ['connectSeconds', 'firstByteSeconds']

/** @typedef {{ cluster: string, address: string }} Place */

/** @param {Place} place */
const keyOf = ({ cluster, address }) => `${cluster}\0${address}`

/** @param {Place} place */
export const failuresKey = (place) => `failures\0${keyOf(place)}`

/**
 * @param {Place} place
 * @param {LatencyName} name
 */
export const latencyKey = (place, name) => `${name}\0${keyOf(place)}`
