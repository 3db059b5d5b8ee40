// @ts-check
/** The table of listeners: their state, their counts, and what failed in the last five minutes. */
import { bytes, count } from '/assets/dist/figures.js'
import { deniedOf, listenerState, splicedShare } from '/assets/dist/words.js'
import { Table } from './tables.js'

/** @import { Listener } from './moment.js' */
/** @import { History } from './history.js' */
/** @import { Column } from './tables.js' */

const FIVE_MINUTES = 300

/** @param {Pick<Listener, 'isListening' | 'shortage'>} listener */
const toneOfListener = ({ isListening, shortage }) =>
  isListening && shortage === undefined ? 'good' : 'warn'

/**
 * Listeners that do not accept come first, then those with connections that failed.
 * @param {readonly Listener[]} listeners
 * @param {History} history
 */
export function listenerRows(listeners, history) {
  /** @param {Listener} listener */
  const urgency = (listener) => {
    if (toneOfListener(listener) !== 'good') return 0
    return history.failed(listener.name, FIVE_MINUTES) > 0 ? 1 : 2
  }
  const known = new Map(listeners.map((listener) => [listener, urgency(listener)]))
  return listeners.toSorted((a, b) => (known.get(a) ?? 0) - (known.get(b) ?? 0))
}

/** The share of its bytes that the kernel moved. @param {Listener['traffic']} traffic */
const splicedPart = ({ bytesUp, bytesDown, splicedUp, splicedDown }) =>
  (splicedUp + splicedDown) / Math.max(1, bytesUp + bytesDown)

/** @param {History} history */
export function listenerTable(history) {
  /** @type {Column<Listener>[]} */
  const columns = [
    { title: 'Listener', width: 9, cell: ({ name }) => name },
    { title: 'Address', width: 11, isWide: true, cell: ({ address }) => address },
    {
      title: 'State',
      width: 5.5,
      cell: listenerState,
      tone: toneOfListener,
    },
    {
      title: 'Active',
      hint: 'Connections that are open now',
      width: 5.5,
      isNumber: true,
      cell: ({ active }) => count(active),
      value: ({ active }) => active,
    },
    {
      title: 'Accepted',
      hint: 'Clients accepted since millrace started',
      width: 7,
      isNumber: true,
      isWide: true,
      cell: ({ accepted }) => count(accepted),
      value: ({ accepted }) => accepted,
    },
    {
      title: 'Denied',
      hint: 'Clients that were turned away on purpose since millrace started',
      width: 5.5,
      isNumber: true,
      isWide: true,
      isShown: (rows) => rows.some((row) => deniedOf(row) > 0),
      cell: (row) => count(deniedOf(row)),
      value: deniedOf,
    },
    {
      title: 'Failed, 5 min',
      hint: 'Connections that ended with an error in the last five minutes',
      width: 6.5,
      isNumber: true,
      cell: ({ name }) => count(history.failed(name, FIVE_MINUTES)),
      value: ({ name }) => history.failed(name, FIVE_MINUTES),
      tone: ({ name }) => (history.failed(name, FIVE_MINUTES) > 0 ? 'bad' : ''),
    },
    {
      title: 'Up',
      hint: 'Bytes from clients to backends, since millrace started',
      width: 5.75,
      isNumber: true,
      cell: ({ traffic }) => bytes(traffic.bytesUp),
      value: ({ traffic }) => traffic.bytesUp,
    },
    {
      title: 'Down',
      hint: 'Bytes from backends to clients, since millrace started',
      width: 5.75,
      isNumber: true,
      cell: ({ traffic }) => bytes(traffic.bytesDown),
      value: ({ traffic }) => traffic.bytesDown,
    },
    {
      title: 'Spliced',
      hint: 'Share of these bytes that the kernel moved by splice(2)',
      width: 5,
      isNumber: true,
      isWide: true,
      cell: ({ traffic }) => splicedShare(traffic),
      value: ({ traffic }) => splicedPart(traffic),
    },
  ]
  return new Table({ id: 'listeners', columns, keyOf: ({ name }) => name, empty: 'No listeners', most: 10 })
}
