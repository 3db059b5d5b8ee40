// @ts-check
/** The table of backends: their state and its reason, their counts, and their latencies in the last five minutes. */
import { bytes, count, NOTHING } from '/assets/dist/figures.js'
import { backendReason, backendState, changedAgo, hasTiers, openOf } from '/assets/dist/words.js'
import { quantile } from './figures.js'
import { Table } from './tables.js'

/** @import { Backend, Cluster } from './moment.js' */
/** @import { Growths } from './growth.js' */
/** @import { Column } from './tables.js' */

/** @typedef {Backend & { cluster: string }} BackendRow */
/** @typedef {'connectSeconds' | 'firstByteSeconds'} LatencyName */

/**
 * Backends that are down come first. Then come those that an operator or a reload took out of service.
 * @param {readonly Cluster[]} clusters
 * @returns {BackendRow[]}
 */
export function backendRows(clusters) {
  const rows = clusters.flatMap((cluster) =>
    cluster.backends.map((backend) => ({ ...backend, cluster: cluster.name })),
  )
  const urgency = ['bad', 'warn', 'good']
  return rows.sort((a, b) => urgency.indexOf(toneOf(a)) - urgency.indexOf(toneOf(b)))
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
  },
  { title: 'State', width: 10, cell: backendState, tone: toneOf },
  {
    title: 'Reason',
    hint: 'Why the backend is up or down, as HAProxy abbreviates it, and what decides: checks, its agent, connects or answers. If nothing decides, the error of the last connect that failed',
    width: 9.5,
    isWide: true,
    isShown: haveReasons,
    cell: (row) => backendReason(row) || (row.lastError ?? ''),
  },
  {
    title: 'Changed',
    hint: 'When the backend last went down or came back',
    width: 6,
    isNumber: true,
    isWide: true,
    isShown: (rows) => rows.some(({ changedAt }) => changedAt !== undefined),
    cell: (row) => changedAgo(row, Date.now()),
  },
]

/** @type {readonly Column<BackendRow>[]} */
const COUNTS = [
  {
    title: 'Weight',
    hint: 'Its share of new connections, beside the other weights of the cluster',
    width: 4.25,
    isNumber: true,
    isWide: true,
    cell: ({ weight }) => String(weight),
  },
  {
    title: 'Active',
    hint: 'Connections in use now',
    width: 4.75,
    isNumber: true,
    cell: openOf,
  },
  {
    title: 'Connects',
    hint: 'Connects that succeeded, since millrace started',
    width: 5.25,
    isNumber: true,
    isWide: true,
    cell: (each) => count(each.connections),
  },
  {
    title: 'Failed',
    hint: 'Connects that failed because of the backend, since millrace started',
    width: 5.25,
    isNumber: true,
    cell: ({ failures }) => count(failures),
  },
  {
    title: 'Last error',
    hint: 'The error of the last connect that failed',
    width: 9.5,
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
    width: 5.75,
    isNumber: true,
    isWide: true,
    cell: ({ traffic }) => bytes(traffic.bytesUp),
  },
  {
    title: 'Down',
    hint: 'Bytes from this backend to clients, since millrace started',
    width: 5.75,
    isNumber: true,
    isWide: true,
    cell: (each) => bytes(each.traffic.bytesDown),
  },
]

/** @param {Growths} growths */
export function backendTable(growths) {
  const connectHint = 'From the dial to a connected backend, retries included'
  const firstByteHint = 'From a connected backend to its first byte'
  /** @type {Column<BackendRow>[]} */
  const columns = [
    { title: 'Backend', width: 11.5, cell: ({ address }) => address },
    { title: 'Cluster', width: 6, isWide: true, cell: ({ cluster }) => cluster },
    ...HEALTH,
    ...COUNTS,
    latencyColumn('Connect', connectHint, 'connectSeconds', growths),
    latencyColumn('First byte', firstByteHint, 'firstByteSeconds', growths),
    ...BYTES,
  ]
  return new Table('backends', columns, keyOf, 'The config has no backends')
}

/**
 * @param {string} title
 * @param {string} what what the time is measured from and to
 * @param {LatencyName} name
 * @param {Growths} growths
 * @returns {Column<BackendRow>}
 */
function latencyColumn(title, what, name, growths) {
  return {
    title: `${title} p50, p99`,
    hint: `${what}, in the last five minutes. 50 % of connections took at most the first time, 99 % at most the second`,
    width: 8.75,
    isNumber: true,
    cell: (row) => {
      const counts = growths.of(latencyKey(row, name))
      if (counts.every((count) => count === 0)) return NOTHING
      const { bounds } = row[name]
      return `${quantile({ bounds, counts }, 0.5)}, ${quantile({ bounds, counts }, 0.99)}`
    },
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
