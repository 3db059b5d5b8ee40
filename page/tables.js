// @ts-check
/**
 * Tables whose rows stay the same elements while what they tell changes, so that what has the focus keeps it. Names come
 * from the wire: they are set as text and as nothing else.
 */

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} title
 * @property {boolean} [isNumber]
 * @property {boolean} [isWide] not shown where there is little room
 * @property {(row: Row) => string | Node} cell
 * @property {(row: Row) => string} [tone] good, warn or bad
 */

/** @template Row */
export class Table {
  /** @type {HTMLTableSectionElement} */
  #body
  #columns
  #keyOf
  #empty
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map()

  /**
   * @param {string} id
   * @param {readonly Column<Row>[]} columns the first names the row
   * @param {(row: Row) => string} keyOf
   * @param {string} empty
   */
  constructor(id, columns, keyOf, empty) {
    const table = /** @type {HTMLTableElement} */ (document.getElementById(id))
    this.#columns = columns
    this.#keyOf = keyOf
    this.#empty = empty
    const head = table.createTHead().insertRow()
    for (const column of columns) {
      const cell = document.createElement('th')
      cell.scope = 'col'
      cell.textContent = column.title
      cell.className = classOf(column)
      head.append(cell)
    }
    this.#body = table.createTBody()
  }

  /** @param {readonly Row[]} rows */
  show(rows) {
    const known = this.#rows
    this.#rows = new Map()
    const elements = rows.map((row) => {
      const key = this.#keyOf(row)
      const element = known.get(key) ?? this.#createRow()
      this.#rows.set(key, element)
      this.#fill(element, row)
      return element
    })
    if (elements.length === 0) this.#body.replaceChildren(this.#createEmpty())
    else place(this.#body, elements)
  }

  #createRow() {
    const row = document.createElement('tr')
    for (const [index, column] of this.#columns.entries()) {
      const cell = document.createElement(index === 0 ? 'th' : 'td')
      if (index === 0) cell.setAttribute('scope', 'row')
      cell.className = classOf(column)
      row.append(cell)
    }
    return row
  }

  /**
   * @param {HTMLTableRowElement} element
   * @param {Row} row
   */
  #fill(element, row) {
    for (const [index, column] of this.#columns.entries()) {
      const cell = /** @type {HTMLElement} */ (element.cells[index])
      const content = column.cell(row)
      if (typeof content !== 'string') {
        if (cell.firstChild === null) cell.append(content)
      } else if (cell.textContent !== content) cell.textContent = content
      if (column.tone !== undefined) cell.className = `${classOf(column)} ${column.tone(row)}`
    }
  }

  #createEmpty() {
    const row = document.createElement('tr')
    const cell = row.insertCell()
    cell.colSpan = this.#columns.length
    cell.className = 'empty'
    cell.textContent = this.#empty
    return row
  }
}

/**
 * In this order, moving only what has to be.
 * @param {HTMLElement} body
 * @param {readonly HTMLElement[]} elements
 */
function place(body, elements) {
  for (const [index, element] of elements.entries()) {
    const there = body.children[index]
    if (there !== element) body.insertBefore(element, there ?? null)
  }
  while (body.children.length > elements.length) body.lastElementChild?.remove()
}

/** @param {{ isNumber?: boolean, isWide?: boolean }} column */
function classOf({ isNumber, isWide }) {
  return [isNumber ? 'number' : '', isWide ? 'wide' : ''].filter(Boolean).join(' ')
}
