// @ts-check
/**
 * Tables. A row stays the same element while its figures change, so that it keeps the keyboard focus. While you point at
 * a table or have the focus in it, no row comes, goes or moves. So you do not kill the wrong connection. Names come from
 * the network: they are only ever set as text. A long table shows its first rows, and a button for the others.
 */
import { visible } from '/assets/dist/escape.js'
import { MoreButton } from './more-button.js'
import { element as find, tell } from './place.js'
import { searched } from './search.js'
import { classOf, Sorting } from './sorting.js'

/** After the pointer was still for so long (ms), rows move again. */
const POINTS_FOR_MS = 10_000

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
 * @property {(row: Row) => number} [value] what rows are sorted by. Without it, the text of the cell
 * @property {(row: Row) => HTMLElement | undefined} [make] makes an element instead of text, once for each row
 * @property {(row: Row) => string} [tone] good, warn or bad
 */

/**
 * @template Row
 * @typedef {object} Form
 * @property {string} id
 * @property {readonly Column<Row>[]} columns the first names the row
 * @property {(row: Row) => string} keyOf
 * @property {string} empty the text of a table without rows
 * @property {number} most rows that are shown before the button is pressed
 */

/** @template Row */
export class Table {
  #table
  /** @type {HTMLTableSectionElement} */
  #body
  #form
  #sorting
  #more
  #empty
  /** @type {readonly Row[]} */
  #told = []
  #all = 0
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map()
  #pointedAt = Number.NEGATIVE_INFINITY

  /** @param {Form<Row>} form */
  constructor(form) {
    const { id, columns, most } = form
    this.#form = form
    this.#table = /** @type {HTMLTableElement} */ (find(id))
    this.#empty = createEmpty()
    this.#sorting = new Sorting(this.#table, columns, () => this.rearrange())
    this.#body = this.#table.createTBody()
    const place = /** @type {HTMLElement} */ (this.#table.parentElement)
    makeScrollable(place, id)
    this.#more = new MoreButton(place, id, most, () => this.rearrange())
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

  /**
   * @param {readonly Row[]} rows
   * @param {number} [all] how many there are in all, if these are only some of them
   */
  show(rows, all = rows.length) {
    this.#told = rows
    this.#all = all
    this.#showColumns(rows)
    const isHeld = this.#isHeld(rows)
    this.#table.classList.toggle('held', isHeld)
    if (isHeld) this.#refresh(rows)
    else this.rearrange()
  }

  /** Shows the rows in their present order, also while the table is held: the user asked for it. */
  rearrange() {
    const found = this.#found()
    const isCut = found.length < this.#all
    tell(`${this.#form.id}-count`, isCut ? `${found.length} of ${this.#all}` : `${this.#all}`)
    const [cell] = this.#empty.cells
    if (cell !== undefined)
      cell.textContent = this.#told.length === 0 ? this.#form.empty : 'Nothing matches the search'
    this.#arrange(this.#more.cut(this.#sorting.sort(found)))
  }

  /** The rows that the search is for. */
  #found() {
    const words = searched()
    if (words.length === 0) return this.#told
    const columns = this.#form.columns.filter(({ cell, isNumber }) => cell !== undefined && !isNumber)
    return this.#told.filter((row) => {
      const text = columns
        .map(({ cell }) => visible(cell?.(row) ?? ''))
        .join('\n')
        .toLowerCase()
      return words.every((word) => text.includes(word))
    })
  }

  /** @param {readonly Row[]} rows */
  #showColumns(rows) {
    const { cells } = this.#sorting
    for (const [index, { isShown }] of this.#form.columns.entries()) {
      const cell = cells[index]
      if (isShown !== undefined && cell !== undefined) cell.hidden = !isShown(rows)
    }
    const [cell] = this.#empty.cells
    if (cell !== undefined) cell.colSpan = cells.filter(({ hidden }) => !hidden).length
  }

  /** A table is not held if all of its rows are gone. @param {readonly Row[]} rows */
  #isHeld(rows) {
    const isPointedAt = performance.now() - this.#pointedAt < POINTS_FOR_MS
    if (!isPointedAt && !this.#body.contains(document.activeElement)) return false
    return rows.some((row) => this.#rows.has(this.#form.keyOf(row)))
  }

  /** @param {readonly Row[]} rows */
  #refresh(rows) {
    const told = new Map(rows.map((row) => [this.#form.keyOf(row), row]))
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
      const key = this.#form.keyOf(row)
      const element = known.get(key) ?? this.#createRow(row)
      element.classList.remove('over')
      this.#rows.set(key, element)
      this.#fill(element, row)
    }
    const hadFocus = this.#body.contains(document.activeElement)
    place(this.#body, this.#rows.size > 0 ? [...this.#rows.values()] : [this.#empty])
    if (hadFocus && !this.#body.contains(document.activeElement))
      this.#table.parentElement?.focus({ preventScroll: true })
  }

  /** @param {Row} row */
  #createRow(row) {
    const element = document.createElement('tr')
    for (const [index, column] of this.#form.columns.entries()) {
      const cell = document.createElement(index === 0 ? 'th' : 'td')
      if (index === 0) cell.setAttribute('scope', 'row')
      cell.className = classOf(column)
      const made = column.make?.(row) ?? document.createElement('div')
      cell.append(made)
      element.append(cell)
    }
    return element
  }

  /**
   * @param {HTMLTableRowElement} element
   * @param {Row} row
   */
  #fill(element, row) {
    for (const [index, column] of this.#form.columns.entries()) {
      const cell = /** @type {HTMLElement} */ (element.cells[index])
      cell.hidden = this.#sorting.cells[index]?.hidden ?? false
      if (column.cell !== undefined)
        write(/** @type {Element} */ (cell.firstElementChild), visible(column.cell(row)))
      if (column.tone !== undefined) cell.className = `${classOf(column)} ${column.tone(row)}`
    }
  }
}

/**
 * @param {Element} place
 * @param {string} text
 */
function write(place, text) {
  if (place.textContent !== text) place.textContent = text
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

function createEmpty() {
  const row = document.createElement('tr')
  row.insertCell().className = 'empty'
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
