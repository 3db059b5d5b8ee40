/**
 * Rows in columns. Pure. Names come from clients and backends, so characters that could control a terminal
 * are escaped.
 */
import { visible } from '../escape.js'

export interface Column<Row> {
  readonly title: string
  /** Align to the right, for figures. Default left. */
  readonly isRight?: boolean
  /** A narrow table cuts names in the middle, because names differ at their end. Default: it cuts the end of the line. */
  readonly isName?: boolean
  /** A table that is too narrow leaves this column out. Default: it never does. */
  readonly isSpare?: boolean
  /** Whether the column says something about these rows. Default: it always does. */
  isShown?(rows: readonly Row[]): boolean
  text(row: Row): string
}

const GAP = '  '
/** A longer cell is cut off. */
const MOST_CHARS = 120
/** A name is not made shorter than this. */
const LEAST_NAME_CHARS = 12

/** A line of titles, then one line for each row. Lines are cut at `width`. */
export function table<Row>(all: readonly Column<Row>[], rows: readonly Row[], width = Infinity): string[] {
  const columns = all.filter(({ isShown }) => isShown?.(rows) ?? true)
  const cells = rows.map((row) => columns.map((column) => cut(visible(column.text(row)), MOST_CHARS)))
  const wanted = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((line) => line[index]!.length)),
  )
  const widths = fitted(columns, wanted, width)
  const line = (texts: readonly string[]): string =>
    cut(
      texts
        .flatMap((text, index) => (widths[index] === 0 ? [] : [fill(text, widths[index]!, columns[index]!)]))
        .join(GAP)
        .trimEnd(),
      width,
    )
  return [line(columns.map(({ title }) => title)), ...cells.map(line)]
}

/** Never cuts between the two halves of a surrogate pair. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text
  return `${text.slice(0, Math.max(0, width - 1)).replace(/[\ud800-\udbff]$/, '')}…`
}

/** The end of a name stays, and all behind its first slash if there is room: `prod…main/10.0.0.7:5432`. */
export function cutName(text: string, width: number): string {
  if (text.length <= width) return text
  const slash = text.indexOf('/')
  const room = slash < 0 ? 0 : width - text.length + slash
  return room < 1 ? cutMiddle(text, width) : cutMiddle(text.slice(0, slash), room) + text.slice(slash)
}

/** Most of what is left is the end. */
function cutMiddle(text: string, width: number): string {
  if (text.length <= width) return text
  const end = Math.ceil(((width - 1) * 2) / 3)
  const start = text.slice(0, width - 1 - end).replace(/[\ud800-\udbff]$/, '')
  return `${start}…${text.slice(text.length - end).replace(/^[\udc00-\udfff]/, '')}`
}

/**
 * The width of each column. 0: it is left out. First the spare columns go, the last one first. Then the longest name becomes
 * shorter, until all columns fit but the last one, which the end of the line may cut.
 */
function fitted<Row>(columns: readonly Column<Row>[], wanted: readonly number[], width: number): number[] {
  const widths = [...wanted]
  for (let at = columns.length - 1; at >= 0 && total(widths) > width; at--)
    if (columns[at]!.isSpare) widths[at] = 0
  const last = columns.at(-1)?.isRight ? widths : widths.slice(0, -1)
  let over = total(last) - width
  while (over > 0) {
    const at = longestName(columns, widths)
    if (at === undefined) break
    widths[at]!--
    over--
  }
  return widths
}

function longestName<Row>(columns: readonly Column<Row>[], widths: readonly number[]): number | undefined {
  const names = widths.flatMap((width, at) => (columns[at]!.isName && width > LEAST_NAME_CHARS ? [at] : []))
  return names.reduce<number | undefined>(
    (longest, at) => (longest === undefined || widths[at]! > widths[longest]! ? at : longest),
    undefined,
  )
}

function total(widths: readonly number[]): number {
  const shown = widths.filter((width) => width > 0)
  return shown.reduce((sum, width) => sum + width, 0) + GAP.length * Math.max(0, shown.length - 1)
}

function fill(text: string, width: number, { isName, isRight }: Column<never>): string {
  const short = isName ? cutName(text, width) : text
  return isRight ? short.padStart(width) : short.padEnd(width)
}
