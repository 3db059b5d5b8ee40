// @ts-check
/** The tables of the page: their columns and rows. Backends are in backends.js. */
import { bytes, count, rate, time } from '/assets/dist/figures.js'
import {
  carriers,
  daysLeft,
  deniedOf,
  destination,
  EXPIRES_SOON_MS,
  limitedBy,
  limitsOf,
  listenerState,
  splicedShare,
} from '/assets/dist/words.js'
import { backendRows, backendTable, failuresKey, LATENCIES, latencyKey } from './backends.js'
import { element } from './place.js'
import { Table } from './tables.js'

/** @import { Certificate, Connection, Counted, Ending, Listener, Moment } from './moment.js' */
/** @import { KillButtons } from './kill-button.js' */
/** @import { Growths } from './growth.js' */
/** @import { History } from './history.js' */

/**
 * @template Row
 * @typedef {import('./tables.js').Column<Row>} Column
 */
/** @typedef {Connection & { mayChange: boolean }} ConnectionRow */

const FIVE_MINUTES = 300

/** @param {{ history: History, growths: Growths, buttons: KillButtons }} facts */
export function createTables({ history, growths, buttons }) {
  const listeners = listenerTable(history)
  const backends = backendTable(growths)
  const connections = connectionTable(buttons)
  const certificates = certificateTable()
  const endings = endingTable(growths)
  return {
    /** @param {Moment} moment */
    show({ status, connections: busiest, mayChange }) {
      listeners.show(status.listeners)
      backends.show(backendRows(status.clusters))
      connections.show(busiest.map((connection) => ({ ...connection, mayChange })))
      element('certificates-section').hidden = status.certificates.length === 0
      certificates.show(status.certificates)
      endings.show(endingRows(status.endings))
    },
  }
}

/**
 * The counts of which the page shows the growth in the last five minutes.
 * @param {Counted} counted
 */
export function countsOf({ clusters, endings }) {
  /** @type {Map<string, readonly number[]>} */
  const counts = new Map()
  for (const ending of endings) counts.set(endingKey(ending), [ending.count])
  for (const { name: cluster, backends } of clusters) {
    for (const backend of backends) {
      const place = { cluster, address: backend.address }
      counts.set(failuresKey(place), [backend.failures])
      for (const name of LATENCIES) counts.set(latencyKey(place, name), backend[name].counts)
    }
  }
  return counts
}

function certificateTable() {
  /** @type {Column<Certificate>[]} */
  const columns = [
    { title: 'Certificate', width: 14, cell: ({ name }) => name },
    { title: 'Listener', width: 9, cell: ({ listener }) => listener },
    { title: 'Kind', hint: 'The type of its key', width: 5, isWide: true, cell: ({ kind }) => kind },
    {
      title: 'Left',
      hint: 'Until the first certificate of the chain expires',
      width: 6,
      isNumber: true,
      cell: (certificate) => daysLeft(certificate, Date.now()),
      tone: ({ expiresAt }) => (Date.parse(expiresAt) - Date.now() < EXPIRES_SOON_MS ? 'bad' : 'good'),
    },
    { title: 'File', width: 20, isWide: true, cell: ({ file }) => file },
  ]
  /** @param {Certificate} row */
  const keyOf = ({ listener, name, kind }) => [listener, name, kind].join('\n')
  return new Table('certificates', columns, keyOf, 'No certificates')
}

/** @param {History} history */
function listenerTable(history) {
  /** @type {Column<Listener>[]} */
  const columns = [
    { title: 'Listener', width: 9, cell: ({ name }) => name },
    { title: 'Address', width: 11, isWide: true, cell: ({ address }) => address },
    {
      title: 'State',
      width: 5.5,
      cell: listenerState,
      tone: ({ isListening, shortage }) => (isListening && shortage === undefined ? 'good' : 'warn'),
    },
    {
      title: 'Active',
      hint: 'Connections that are open now',
      width: 5.5,
      isNumber: true,
      cell: ({ active }) => count(active),
    },
    {
      title: 'Accepted',
      hint: 'Clients accepted since millrace started',
      width: 7,
      isNumber: true,
      isWide: true,
      cell: ({ accepted }) => count(accepted),
    },
    {
      title: 'Denied',
      hint: 'Clients that were turned away on purpose since millrace started',
      width: 5.5,
      isNumber: true,
      isWide: true,
      isShown: (rows) => rows.some((row) => deniedOf(row) > 0),
      cell: (row) => count(deniedOf(row)),
    },
    {
      title: 'Failed, 5 min',
      hint: 'Connections that ended with an error in the last five minutes',
      width: 6.5,
      isNumber: true,
      cell: ({ name }) => count(history.failed(name, FIVE_MINUTES)),
      tone: ({ name }) => (history.failed(name, FIVE_MINUTES) > 0 ? 'bad' : ''),
    },
    {
      title: 'Up',
      hint: 'Bytes from clients to backends, since millrace started',
      width: 5.75,
      isNumber: true,
      cell: ({ traffic }) => bytes(traffic.bytesUp),
    },
    {
      title: 'Down',
      hint: 'Bytes from backends to clients, since millrace started',
      width: 5.75,
      isNumber: true,
      cell: ({ traffic }) => bytes(traffic.bytesDown),
    },
    {
      title: 'Spliced',
      hint: 'Share of these bytes that the kernel moved by splice(2)',
      width: 5,
      isNumber: true,
      isWide: true,
      cell: ({ traffic }) => splicedShare(traffic),
    },
  ]
  return new Table('listeners', columns, ({ name }) => name, 'No listeners')
}

/** @param {KillButtons} buttons */
function connectionTable(buttons) {
  /** @type {Column<ConnectionRow>[]} */
  const columns = [
    { title: 'Client', width: 10, cell: ({ client }) => client },
    { title: 'Listener', width: 7, isWide: true, cell: ({ listener }) => listener },
    { title: 'Backend', width: 10, isWide: true, cell: destination },
    {
      title: 'Server name',
      hint: 'The name in the TLS ClientHello (SNI)',
      width: 8,
      isWide: true,
      cell: ({ sni }) => sni ?? '',
    },
    {
      title: 'Age',
      hint: 'How long the connection has been open',
      width: 6.5,
      isNumber: true,
      isWide: true,
      cell: ({ ageMs }) => time(ageMs),
    },
    {
      title: 'Up/s',
      hint: 'Bytes per second from the client to the backend',
      width: 6.5,
      isNumber: true,
      cell: ({ up }) => rate(up.bytesPerSecond),
    },
    {
      title: 'Down/s',
      hint: 'Bytes per second from the backend to the client',
      width: 6.5,
      isNumber: true,
      cell: ({ down }) => rate(down.bytesPerSecond),
    },
    {
      title: 'Carriers',
      hint: 'How bytes move, up/down. kernel: spliced. copy, stream: copied, with the reason in brackets',
      width: 11,
      isWide: true,
      cell: carriers,
    },
    {
      title: 'Limited by',
      hint: 'Who keeps bytes waiting, and for which share of the time',
      width: 11,
      isWide: true,
      isShown: (rows) => rows.some((row) => limitedBy(row) !== ''),
      cell: limitedBy,
    },
    {
      title: 'Limits',
      hint: 'The rate of the connection itself, and the limit that it waits for',
      width: 11,
      isWide: true,
      isShown: (rows) => rows.some((row) => limitsOf(row) !== ''),
      cell: limitsOf,
    },
    { title: '', width: 5, make: ({ id, mayChange }) => (mayChange ? buttons.create(id) : undefined) },
  ]
  return new Table('connections', columns, ({ id }) => id, 'No open connections')
}

/**
 * Errors first, then the most frequent ends. Ends that never happened are left out.
 * @param {readonly Ending[]} endings
 */
const endingRows = (endings) =>
  endings.filter(({ count }) => count > 0).sort((a, b) => isError(b) - isError(a) || b.count - a.count)

/** @param {Ending} ending */
const isError = ({ outcome }) => Number(outcome === 'error')

/** @param {Ending} ending */
const endingKey = ({ listener, cluster, by, phase, cause }) =>
  [listener, cluster, by, phase, cause].join('\0')

/** @param {Growths} growths */
function endingTable(growths) {
  /** @param {Ending} ending */
  const recent = (ending) => growths.of(endingKey(ending))[0] ?? 0
  /** @type {Column<Ending>[]} */
  const columns = [
    {
      title: 'Cause',
      width: 11,
      cell: ({ cause }) => cause,
      tone: (ending) => (isError(ending) ? 'bad' : ''),
    },
    { title: 'By', hint: 'Who ended the connection. proxy: millrace', width: 5, cell: ({ by }) => by },
    {
      title: 'Phase',
      hint: 'opening: first bytes. queue: waiting for a place. connect: no backend yet. response: waiting for the backend. data: both sides joined',
      width: 5.5,
      cell: ({ phase }) => phase,
    },
    { title: 'Listener', width: 8, cell: ({ listener }) => listener },
    { title: 'Cluster', width: 7, isWide: true, cell: ({ cluster }) => cluster },
    {
      title: '5 min',
      hint: 'How often in the last five minutes',
      width: 5.25,
      isNumber: true,
      cell: (ending) => count(recent(ending)),
      tone: (ending) => (isError(ending) && recent(ending) > 0 ? 'bad' : ''),
    },
    {
      title: 'Total',
      hint: 'How often since millrace started',
      width: 6,
      isNumber: true,
      cell: (ending) => count(ending.count),
    },
  ]
  return new Table('endings', columns, endingKey, 'No connection has ended yet')
}
