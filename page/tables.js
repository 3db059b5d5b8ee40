// @ts-check
/**
 * Tables. A row stays the same element while its figures change, so that it keeps the keyboard focus. While you point at
 * a table or have the focus in it, no row comes, goes or moves. So you do not kill the wrong connection. Names come from
 * the network: they are only ever set as text.
 */
import { visible } from '/assets/dist/escape.js'
import { element as find } from './place.js'

/** After the pointer was still for so long (ms), rows move again. */
const POINTS_FOR_MS = 10_000
/** A longer text may not fit into its cell, so the cell also shows it as a tooltip. */
const SHORT = 18

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} title
 * @property {string} [hint] the tooltip of the title
 * @property {number} width in --unit. It is fixed, so that a figure that grows does not move the other columns
 * @property {boolean} [isNumber]
 * @property {boolean} [isWide] not shown on narrow screens
 * @property {(rows: readonly Row[]) => boolean} [isShown] whether the column says something about these rows
 * @property {(row: Row) => string} [cell]
 * @property {(row: Row) => HTMLElement | undefined} [make] makes an element instead of text, once for each row
 * @property {(row: Row) => string} [tone] good, warn or bad
 */

/** @template Row */
export class Table {
  #table
  /** @type {HTMLTableSectionElement} */
  #body
  #columns
  #keyOf
  #empty
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map()
  #pointedAt = Number.NEGATIVE_INFINITY

  /**
   * @param {string} id
   * @param {readonly Column<Row>[]} columns the first names the row
   * @param {(row: Row) => string} keyOf
   * @param {string} empty the text of a table without rows
   */
  constructor(id, columns, keyOf, empty) {
    this.#table = /** @type {HTMLTableElement} */ (find(id))
    this.#columns = columns
    this.#keyOf = keyOf
    this.#empty = createEmpty(empty)
    createHead(this.#table, columns)
    this.#body = this.#table.createTBody()
    makeScrollable(/** @type {HTMLElement} */ (this.#table.parentElement), id)
    for (const name of ['pointermove', 'pointerdown']) {
      this.#body.addEventListener(name, () => {
        this.#pointedAt = performance.now()
      })
    }
    // A lifted finger fires this event too, but it may press the same place again.
    this.#body.addEventListener('pointerleave', ({ pointerType }) => {
      if (pointerType === 'mouse') this.#pointedAt = Number.NEGATIVE_INFINITY
    })
  }

  /** @param {readonly Row[]} rows */
  show(rows) {
    this.#showColumns(rows)
    const isHeld = this.#isHeld(rows)
    this.#table.classList.toggle('held', isHeld)
    if (isHeld) this.#refresh(rows)
    else this.#arrange(rows)
  }

  /** @param {readonly Row[]} rows */
  #showColumns(rows) {
    for (const [index, { isShown }] of this.#columns.entries()) {
      if (isShown !== undefined) this.#titleOf(index).hidden = !isShown(rows)
    }
    const shown = this.#columns.filter((_, index) => !this.#titleOf(index).hidden)
    const [cell] = this.#empty.cells
    if (cell !== undefined) cell.colSpan = shown.length
  }

  /** @param {number} index of a column */
  #titleOf(index) {
    return /** @type {HTMLElement} */ (this.#table.tHead?.rows[0]?.cells[index])
  }

  /** A table is not held if all of its rows are gone. @param {readonly Row[]} rows */
  #isHeld(rows) {
    const isPointedAt = performance.now() - this.#pointedAt < POINTS_FOR_MS
    if (!isPointedAt && !this.#body.contains(document.activeElement)) return false
    return rows.some((row) => this.#rows.has(this.#keyOf(row)))
  }

  /** @param {readonly Row[]} rows */
  #refresh(rows) {
    const told = new Map(rows.map((row) => [this.#keyOf(row), row]))
    for (const [key, element] of this.#rows) {
      const row = told.get(key)
      element.classList.toggle('over', row === undefined)
      if (row !== undefined) this.#fill(element, row)
    }
  }

  /** @param {readonly Row[]} rows */
  #arrange(rows) {
    const known = this.#rows
    this.#rows = new Map()
    for (const row of rows) {
      const key = this.#keyOf(row)
      const element = known.get(key) ?? this.#createRow(row)
      element.classList.remove('over')
      this.#rows.set(key, element)
      this.#fill(element, row)
    }
    const hadFocus = this.#body.contains(document.activeElement)
    place(this.#body, this.#rows.size > 0 ? [...this.#rows.values()] : [this.#empty])
    if (hadFocus) this.#table.parentElement?.focus({ preventScroll: true })
  }

  /** @param {Row} row */
  #createRow(row) {
    const element = document.createElement('tr')
    for (const [index, column] of this.#columns.entries()) {
      const cell = document.createElement(index === 0 ? 'th' : 'td')
      if (index === 0) cell.setAttribute('scope', 'row')
      cell.className = classOf(column)
      const made = column.make?.(row)
      if (made !== undefined) cell.append(made)
      element.append(cell)
    }
    return element
  }

  /**
   * @param {HTMLTableRowElement} element
   * @param {Row} row
   */
  #fill(element, row) {
    for (const [index, column] of this.#columns.entries()) {
      const cell = /** @type {HTMLElement} */ (element.cells[index])
      cell.hidden = this.#titleOf(index).hidden
      if (column.cell !== undefined) write(cell, visible(column.cell(row)))
      if (column.tone !== undefined) cell.className = `${classOf(column)} ${column.tone(row)}`
    }
  }
}

/**
 * @param {HTMLElement} cell
 * @param {string} text
 */
function write(cell, text) {
  if (cell.textContent === text) return
  cell.textContent = text
  if (text.length > SHORT) cell.title = text
  else cell.removeAttribute('title')
}

/**
 * @template Row
 * @param {HTMLTableElement} table
 * @param {readonly Column<Row>[]} columns
 */
function createHead(table, columns) {
  const head = table.createTHead().insertRow()
  for (const column of columns) {
    const cell = document.createElement('th')
    cell.scope = 'col'
    cell.textContent = column.title
    cell.className = classOf(column)
    cell.style.width = `calc(${column.width} * var(--unit))`
    if (column.hint !== undefined) cell.title = column.hint
    head.append(cell)
  }
}

/**
 * Lets you scroll the table with the keyboard.
 * @param {HTMLElement} place
 * @param {string} id
 */
function makeScrollable(place, id) {
  place.tabIndex = 0
  place.setAttribute('role', 'group')
  place.setAttribute('aria-labelledby', `${id}-title`)
}

/** @param {string} text */
function createEmpty(text) {
  const row = document.createElement('tr')
  const cell = row.insertCell()
  cell.className = 'empty'
  cell.textContent = text
  return row
}

/**
 * Puts the elements into this order. It moves only those that are in a wrong place.
 * @param {HTMLElement} body
 * @param {readonly HTMLElement[]} elements
 */
function place(body, elements) {
  const wanted = new Set(elements)
  for (const there of [...body.children]) if (!wanted.has(/** @type {HTMLElement} */ (there))) there.remove()
  for (const [index, element] of elements.entries()) {
    const there = body.children[index]
    if (there !== element) body.insertBefore(element, there ?? null)
  }
}

/** @param {{ isNumber?: boolean, isWide?: boolean }} column */
function classOf({ isNumber, isWide }) {
  return [isNumber ? 'number' : '', isWide ? 'wide' : ''].filter(Boolean).join(' ')
}
