// @ts-check
/**
 * The head of a table, and the order that its buttons choose. Without a choice the rows stay in the order that the page gives
 * them: what is down comes first. The first press of a title sorts, the second one turns the order round, the third one ends it.
 */

/**
 * @template Row
 * @typedef {import('./tables.js').Column<Row>} Column
 */
/** @typedef {'ascending' | 'descending'} Direction as ARIA calls it */

/** `10.0.0.9` comes before `10.0.0.10`. */
const COLLATOR = new Intl.Collator(undefined, { numeric: true })

/** @template Row */
export class Sorting {
  /** @type {readonly HTMLTableCellElement[]} */
  cells
  #columns
  /** @type {{ index: number, direction: Direction } | undefined} */
  #chosen

  /**
   * @param {HTMLTableElement} table
   * @param {readonly Column<Row>[]} columns
   * @param {() => void} changed
   */
  constructor(table, columns, changed) {
    this.#columns = columns
    const row = table.createTHead().insertRow()
    this.cells = columns.map((column, index) => {
      const cell = createTitle(column, () => {
        this.#choose(index)
        changed()
      })
      row.append(cell)
      return cell
    })
  }

  /**
   * @param {readonly Row[]} rows
   * @returns {readonly Row[]}
   */
  sort(rows) {
    if (this.#chosen === undefined) return rows
    const { index, direction } = this.#chosen
    const column = /** @type {Column<Row>} */ (this.#columns[index])
    const sign = direction === 'ascending' ? 1 : -1
    return rows.toSorted((a, b) => sign * compare(column, a, b))
  }

  /** @param {number} index of a column */
  #choose(index) {
    const first = this.#columns[index]?.isNumber ? 'descending' : 'ascending'
    const second = first === 'ascending' ? 'descending' : 'ascending'
    const isAgain = this.#chosen?.index === index
    if (isAgain && this.#chosen?.direction === second) this.#chosen = undefined
    else this.#chosen = { index, direction: isAgain ? second : first }
    for (const cell of this.cells) cell.removeAttribute('aria-sort')
    if (this.#chosen !== undefined) this.cells[index]?.setAttribute('aria-sort', this.#chosen.direction)
  }
}

/**
 * @template Row
 * @param {Column<Row>} column
 * @param {Row} a
 * @param {Row} b
 */
function compare({ cell, value }, a, b) {
  if (value !== undefined) return value(a) - value(b)
  return COLLATOR.compare(cell?.(a) ?? '', cell?.(b) ?? '')
}

/**
 * @template Row
 * @param {Column<Row>} column
 * @param {() => void} pressed
 */
function createTitle(column, pressed) {
  const { title, hint, width, cell: text } = column
  const cell = document.createElement('th')
  cell.scope = 'col'
  cell.className = classOf(column)
  cell.style.width = `calc(${width} * var(--unit))`
  if (hint !== undefined) cell.title = hint
  if (text === undefined) return cell
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = title
  button.addEventListener('click', pressed)
  cell.append(button)
  return cell
}

/** @param {{ isNumber?: boolean, isWide?: boolean }} column */
export function classOf({ isNumber, isWide }) {
  return [isNumber ? 'number' : '', isWide ? 'wide' : ''].filter(Boolean).join(' ')
}
