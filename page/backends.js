// @ts-check
/** The table of backends: their state, their counts, and their latencies in the last five minutes. */
import { bytes, count, NOTHING } from '/assets/dist/figures.js'
import { backendState } from '/assets/dist/words.js'
import { quantile } from './figures.js'
import { Table } from './tables.js'

/** @import { Backend, Cluster } from './moment.js' */
/** @import { Growths } from './growth.js' */
/** @import { Column } from './tables.js' */

/** @typedef {Backend & { cluster: Cluster }} BackendRow */
/** @typedef {'connectSeconds' | 'firstByteSeconds'} LatencyName */

/**
 * Backends that are down come first. Then come those that an operator or a reload took out of service.
 * @param {readonly Cluster[]} clusters
 * @returns {BackendRow[]}
 */
export function backendRows(clusters) {
  const rows = clusters.flatMap((cluster) => cluster.backends.map((backend) => ({ ...backend, cluster })))
  const urgency = ['bad', 'warn', 'good']
  return rows.sort((a, b) => urgency.indexOf(toneOf(a)) - urgency.indexOf(toneOf(b)))
}

/** @param {Backend} backend */
export function toneOf({ setTo, state, isLeaving }) {
  if (isLeaving || setTo !== 'up') return 'warn'
  return state === 'up' ? 'good' : 'bad'
}

/** @param {Growths} growths */
export function backendTable(growths) {
  /** @type {Column<BackendRow>[]} */
  const columns = [
    { title: 'Backend', width: 11.5, cell: ({ address }) => address },
    { title: 'Cluster', width: 6, isWide: true, cell: ({ cluster }) => cluster.name },
    { title: 'State', width: 10, cell: backendState, tone: toneOf },
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
      width: 5.25,
      isNumber: true,
      cell: ({ active }) => count(active),
    },
    {
      title: 'Connects',
      hint: 'Connects that succeeded, since millrace started',
      width: 5.75,
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
      cell: ({ lastError }) => lastError ?? '',
    },
    latencyColumn(
      'Connect',
      'From the dial to a connected backend, retries included',
      'connectSeconds',
      growths,
    ),
    latencyColumn('First byte', 'From a connected backend to its first byte', 'firstByteSeconds', growths),
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
  return new Table('backends', columns, backendKey, 'The config has no backends')
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
    width: 9.25,
    isNumber: true,
    cell: (row) => {
      const counts = growths.of(latencyKey(row, name))
      if (counts.every((count) => count === 0)) return NOTHING
      const { bounds } = histogramOf(row, name)
      return `${quantile({ bounds, counts }, 0.5)}, ${quantile({ bounds, counts }, 0.99)}`
    },
  }
}

/** @type {readonly LatencyName[]} */
export const LATENCIES = ['connectSeconds', 'firstByteSeconds']

/**
 * @param {BackendRow} row
 * @param {LatencyName} name
 */
export const histogramOf = (row, name) => row[name]

/** @param {BackendRow} row */
const backendKey = ({ cluster, address }) => `${cluster.name}\0${address}`

/**
 * @param {BackendRow} row
 * @param {LatencyName} name
 */
export const latencyKey = (row, name) => `${name}\0${backendKey(row)}`
