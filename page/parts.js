// @ts-check
/** The tables of the page, and the columns of the smaller ones. */
import { rate, time } from '/assets/dist/figures.js'
import { carriers, daysLeft, destination, EXPIRES_SOON_MS, limitedBy, limitsOf } from '/assets/dist/words.js'
import { backendRows, backendTable, failuresKey, LATENCIES, latencyKey } from './backends.js'
import { endingKey, endingRows, endingTable } from './endings.js'
import { listenerRows, listenerTable } from './listeners.js'
import { element } from './place.js'
import { Table } from './tables.js'

/** @import { Certificate, Connection, Counted, Moment } from './moment.js' */
/** @import { KillButtons } from './kill-button.js' */
/** @import { Growths } from './growth.js' */
/** @import { History } from './history.js' */
/** @import { Column } from './tables.js' */

/** @typedef {Connection & { mayChange: boolean }} ConnectionRow */

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
      listeners.show(listenerRows(status.listeners, history))
      backends.show(backendRows(status.clusters, growths))
      const rows = busiest.map((connection) => ({ ...connection, mayChange }))
      connections.show(rows, Math.max(rows.length, status.connections.active))
      element('certificates-section').hidden = status.certificates.length === 0
      certificates.show(status.certificates)
      endings.show(endingRows(status.endings))
    },
    /** The user searches for something else. */
    rearrange() {
      for (const table of [listeners, backends, connections, certificates, endings]) table.rearrange()
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
      value: ({ expiresAt }) => Date.parse(expiresAt),
      tone: ({ expiresAt }) => (Date.parse(expiresAt) - Date.now() < EXPIRES_SOON_MS ? 'bad' : 'good'),
    },
    { title: 'File', width: 20, isWide: true, cell: ({ file }) => file },
  ]
  /** @param {Certificate} row */
  const keyOf = ({ listener, name, kind }) => [listener, name, kind].join('\n')
  return new Table({ id: 'certificates', columns, keyOf, empty: 'No certificates', most: 10 })
}

/** @param {KillButtons} buttons */
function connectionTable(buttons) {
  /** @type {Column<ConnectionRow>[]} */
  const columns = [
    { title: 'Client', width: 10, cell: ({ client }) => client },
    { title: 'Listener', width: 6.5, isWide: true, cell: ({ listener }) => listener },
    { title: 'Backend', width: 10, isWide: true, cell: destination },
    {
      title: 'Server name',
      hint: 'The name in the TLS ClientHello (SNI)',
      width: 16,
      isWide: true,
      cell: ({ sni }) => sni ?? '',
    },
    {
      title: 'Age',
      hint: 'How long the connection has been open',
      width: 5,
      isNumber: true,
      isWide: true,
      cell: ({ ageMs }) => time(ageMs),
      value: ({ ageMs }) => ageMs,
    },
    {
      title: 'Up/s',
      hint: 'Bytes per second from the client to the backend',
      width: 6.5,
      isNumber: true,
      cell: ({ up }) => rate(up.bytesPerSecond),
      value: ({ up }) => up.bytesPerSecond,
    },
    {
      title: 'Down/s',
      hint: 'Bytes per second from the backend to the client',
      width: 6.5,
      isNumber: true,
      cell: ({ down }) => rate(down.bytesPerSecond),
      value: ({ down }) => down.bytesPerSecond,
    },
    {
      title: 'Carriers',
      hint: 'How bytes move, up/down. kernel: spliced. copy, stream: copied, with the reason in brackets',
      width: 9.5,
      isWide: true,
      cell: carriers,
    },
    {
      title: 'Limited by',
      hint: 'Who keeps bytes waiting, and for which share of the time',
      width: 8,
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
  return new Table({
    id: 'connections',
    columns,
    keyOf: ({ id }) => id,
    empty: 'No open connections',
    most: 10,
  })
}
