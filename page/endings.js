// @ts-check
/** The table of how connections ended, with the counts of the last five minutes. */
import { count } from '/assets/dist/figures.js'
import { Table } from './tables.js'

/** @import { Ending } from './moment.js' */
/** @import { Growths } from './growth.js' */
/** @import { Column } from './tables.js' */

/**
 * Errors first, then the most frequent ends. Ends that never happened are left out.
 * @param {readonly Ending[]} endings
 */
export const endingRows = (endings) =>
  endings.filter(({ count }) => count > 0).sort((a, b) => isError(b) - isError(a) || b.count - a.count)

/** @param {Ending} ending */
const isError = ({ outcome }) => Number(outcome === 'error')

/** @param {Ending} ending */
export const endingKey = ({ listener, cluster, by, phase, cause }) =>
  [listener, cluster, by, phase, cause].join('\0')

/** @param {Growths} growths */
export function endingTable(growths) {
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
      value: recent,
      tone: (ending) => (isError(ending) && recent(ending) > 0 ? 'bad' : ''),
    },
    {
      title: 'Total',
      hint: 'How often since millrace started',
      width: 6,
      isNumber: true,
      cell: (ending) => count(ending.count),
      value: (ending) => ending.count,
    },
  ]
  return new Table({
    id: 'endings',
    columns,
    keyOf: endingKey,
    empty: 'No connection has ended yet',
    most: 10,
  })
}
