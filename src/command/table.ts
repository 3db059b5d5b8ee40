/**
 * Rows in columns. Pure. Names come from clients and backends, so characters that could control a terminal
 * are escaped.
 */
import { visible } from '../escape.js'

export interface Column<Row> {
  readonly title: string
  /** Align to the right, for figures. Default left. */
  readonly isRight?: boolean
  /** Whether the column says something about these rows. Default: it always does. */
  isShown?(rows: readonly Row[]): boolean
  text(row: Row): string
}

const GAP = '  '
/** A longer cell is cut off. */
const MOST_CHARS = 120

/** A line of titles, then one line for each row. Lines are cut at `width`. */
export function table<Row>(all: readonly Column<Row>[], rows: readonly Row[], width = Infinity): string[] {
  const columns = all.filter(({ isShown }) => isShown?.(rows) ?? true)
  const cells = rows.map((row) => columns.map((column) => cut(visible(column.text(row)), MOST_CHARS)))
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((line) => line[index]!.length)),
  )
  const line = (texts: readonly string[]): string =>
    cut(
      texts
        .map((text, index) => pad(text, widths[index]!, columns[index]!.isRight ?? false))
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

const pad = (text: string, width: number, isRight: boolean): string =>
  isRight ? text.padStart(width) : text.padEnd(width)
