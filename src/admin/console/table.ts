/**
 * Rows in columns. Pure. Names come from the wire: what could steer a terminal is taken out of them.
 */

export interface Column<Row> {
  readonly title: string
  /** Figures stand to the right. Default left. */
  readonly isRight?: boolean
  text(row: Row): string
}

const GAP = '  '

/** One line per row under a line of titles; lines are cut at `width`. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width = Infinity,
): string[] {
  const cells = rows.map((row) => columns.map((column) => clean(column.text(row))))
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

/** Without control characters, those that turn text around included, and no longer than `most`. */
export function clean(text: string, most = 120): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
  return plain.length > most ? `${plain.slice(0, most - 1)}…` : plain
}

export function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text
}

const pad = (text: string, width: number, isRight: boolean): string =>
  isRight ? text.padStart(width) : text.padEnd(width)
