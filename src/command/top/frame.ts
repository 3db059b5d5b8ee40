/**
 * One screen of `top` within the lines and columns of the terminal. Pure.
 */
import { visible } from '../../escape.js'
import { counted, rate, share } from '../../figures.js'
import { type Column, cut, table } from '../table.js'
import { headlines } from '../views.js'
import { type Flow, type Moment, type Rows, rowsOf } from './rows.js'
import { backendColumns, CLUSTERS, CONNECTIONS, LISTENERS } from './tables.js'
import { KEYS, TABLES, type TableName, type View } from './view.js'

export interface Size {
  readonly columns: number
  readonly rows: number
}

export interface Shown {
  readonly before: Moment | undefined
  readonly now: Moment
  /** Behind the first line. Empty: nothing. */
  readonly note: string
}

export interface Frame {
  /** At most the rows of the terminal, none wider than its columns. */
  readonly lines: readonly string[]
  /** The offset of the view, within the rows that there are. */
  readonly offset: number
  /** How many rows of the table of the view are shown. */
  readonly page: number
}

interface Part {
  readonly name: TableName
  readonly titles: string
  readonly lines: readonly string[]
  /** Rows that exist, but that the API does not send. */
  readonly unsent: number
  /** Rows that the search leaves out. */
  readonly hidden: number
}

/** Lines of a table besides its rows: an empty one, its titles, and how many rows are not shown. */
const AROUND_ROWS = 3
/** With fewer lines only the table that scrolls is shown. With so many it has at least five rows, and each other table has one. */
const LEAST_LINES = (AROUND_ROWS + 2) * TABLES.length
const FOOT = ['? keys', 'q leave', '/ search', 'Tab next table', 'Enter alone']

/** All rows of all tables, for an output that is no screen. */
export function printed(shown: Shown, view: View, columns: number): string[] {
  const rows = rowsOf(shown.before, shown.now, view.order)
  const lines = [
    ...headOf(shown, rows.total),
    ...partsOf(rows, shown.now, view, columns).flatMap((part) => ['', part.titles, ...part.lines]),
  ]
  return lines.map((line) => cut(visible(line), columns))
}

export function frame(shown: Shown, view: View, size: Size): Frame {
  const { columns } = size
  const rows = rowsOf(shown.before, shown.now, view.order)
  const head = shorten(headOf(shown, rows.total), Math.max(2, Math.floor(size.rows / 3)))
  const { lines, offset, page } = view.isHelp
    ? { lines: helpLines(), offset: view.offset, page: 0 }
    : tables(partsOf(rows, shown.now, view, columns), view, size.rows - head.length - 1)
  const above = [...head, ...lines].slice(0, Math.max(0, size.rows - 1))
  const screen = [...above, footOf(view)].slice(0, size.rows)
  return { lines: screen.map((line) => cut(visible(line), columns)), offset, page }
}

function headOf({ now: { status, at }, note }: Shown, total: Flow): string[] {
  return [
    ...headlines(status, at, note),
    `${counted(status.connections.active, 'connection')}  up ${rate(total.up)}  down ${rate(total.down)}  spliced ${share(total.spliced, total.up + total.down)}`,
  ]
}

function shorten(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines
  return [...lines.slice(0, most - 2), `${lines.length - most + 1} more`, lines.at(-1)!]
}

function partsOf(rows: Rows, now: Moment, { search }: View, columns: number): Part[] {
  const { active } = now.status.connections
  return [
    part('listeners', LISTENERS, rows.listeners, search, columns),
    part('clusters', CLUSTERS, rows.clusters, search, columns),
    part('backends', backendColumns(now.at), rows.backends, search, columns),
    {
      ...part('connections', CONNECTIONS, rows.connections, search, columns),
      unsent: search === '' ? Math.max(0, active - rows.connections.length) : 0,
    },
  ]
}

function part<Row>(
  name: TableName,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  search: string,
  width: number,
): Part {
  const wanted = search.toLowerCase()
  const texts = columns.filter(({ isRight }) => !isRight)
  const found = rows.filter((row) => texts.some(({ text }) => text(row).toLowerCase().includes(wanted)))
  const [titles = '', ...lines] = table(columns, found, width)
  return { name, titles, lines, unsent: 0, hidden: rows.length - found.length }
}

function tables(parts: readonly Part[], view: View, room: number): Frame {
  const isAlone = view.isAlone || room < LEAST_LINES
  const shown = isAlone ? parts.filter(({ name }) => name === view.table) : parts
  const others = shown.filter(({ name }) => name !== view.table)
  const most = Math.max(1, Math.floor(room / 2 / TABLES.length) - AROUND_ROWS + 1)
  const taken = others.reduce((sum, each) => sum + heightOf(each, most), 0)
  let [offset, page] = [view.offset, 0]
  const lines = shown.flatMap((each) => {
    if (each.name !== view.table) return partLines(each, 0, most)
    page = Math.max(1, pageOf(each, room - taken))
    offset = Math.max(0, Math.min(offset, each.lines.length - page))
    return partLines(each, offset, page, isAlone ? '' : '  <')
  })
  return { lines, offset, page }
}

const heightOf = (part: Part, most: number): number => partLines(part, 0, most).length

/** How many rows fit into so many lines. */
function pageOf({ lines, unsent }: Part, room: number): number {
  const isWhole = lines.length + 2 <= room && unsent === 0
  return isWhole ? lines.length : room - AROUND_ROWS
}

/** `mark` is behind the titles. */
function partLines(part: Part, offset: number, page: number, mark = ''): string[] {
  const rest = restOf(part, offset, page)
  const rows = part.lines.slice(offset, offset + page)
  return ['', part.titles + mark, ...rows, ...(rest === '' ? [] : [rest])]
}

/** `48 more`, `12 above, 30 more`, `nothing found in 200 rows`. Empty: all rows are shown. */
function restOf({ lines, unsent, hidden }: Part, offset: number, page: number): string {
  if (lines.length === 0 && hidden > 0) return `nothing found in ${counted(hidden, 'row')}`
  const more = Math.max(0, lines.length - offset - page) + unsent
  return [offset > 0 && `${offset} above`, more > 0 && `${more} more`].filter(Boolean).join(', ')
}

function helpLines(): string[] {
  const width = Math.max(...KEYS.map(([keys]) => keys.length))
  return ['', ...KEYS.map(([keys, what]) => `${keys.padEnd(width)}  ${what}`)]
}

function footOf({ search, isTyping, isHelp, order }: View): string {
  if (isTyping) return `/${search}_`
  if (isHelp) return 'any key: back'
  const found = search === '' ? [] : [`search ${JSON.stringify(search)}, Esc ends it`]
  return [...found, ...FOOT, `by ${order}`].join('  ')
}
