/**
 * What the user of `top` has chosen to see, and how keys change it. Pure.
 */
export const TABLES = ['listeners', 'clusters', 'backends', 'connections'] as const
export type TableName = (typeof TABLES)[number]

/** Rows that are not up come first in every order. */
export const ORDERS = ['rate', 'connections', 'name'] as const
export type Order = (typeof ORDERS)[number]

export interface View {
  /** The table that scrolls. It has the most lines. */
  readonly table: TableName
  /** Whether only that table is shown. */
  readonly isAlone: boolean
  /** Rows of that table that are above its first line. */
  readonly offset: number
  readonly order: Order
  /** Only rows with this text are shown. Empty: all. */
  readonly search: string
  /** Whether keys are letters of the search. */
  readonly isTyping: boolean
  readonly isHelp: boolean
}

export const FIRST_VIEW: View = {
  table: 'backends',
  isAlone: false,
  offset: 0,
  order: 'rate',
  search: '',
  isTyping: false,
  isHelp: false,
}

/** What a key does, as `?` shows it. */
export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['up, down, k, j', 'scroll one row'],
  ['PgUp, PgDn', 'scroll one screen'],
  ['Home, End', 'go to the first or the last row'],
  ['Tab, Shift-Tab', 'choose the table that scrolls'],
  ['Enter', 'show this table alone, or all tables'],
  ['/', 'search: only rows with this text. Enter keeps it, Esc removes it'],
  ['r, c, n', 'order by rate, connections or name. What is down comes first'],
  ['?', 'show these keys'],
  ['q, Ctrl-C', 'leave'],
]

const LONGEST_SEARCH = 64

const TAB = '\t'
const SHIFT_TAB = '\x1b[Z'
const ESCAPE = '\x1b'
const ENTER: ReadonlySet<string> = new Set(['\r', '\n'])
const BACKSPACE: ReadonlySet<string> = new Set(['\x7f', '\b'])
/** A sequence of a special key (ECMA-48 section 5.4, or SS3), or one character. */
const KEY = new RegExp(`${ESCAPE}\\[[\\d;]*[A-Za-z~]|${ESCAPE}O[A-Z]|[\\s\\S]`, 'gu')
const ORDER_KEYS: Readonly<Record<string, Order>> = { r: 'rate', c: 'connections', n: 'name' }

/** How far a key scrolls, in a table that shows `page` rows. xterm, the Linux console and rxvt have names of their own for some keys. */
const SCROLLS: Readonly<Record<string, (offset: number, page: number) => number>> = {
  ...same(['\x1b[A', '\x1bOA', 'k'], (offset) => offset - 1),
  ...same(['\x1b[B', '\x1bOB', 'j'], (offset) => offset + 1),
  ...same(['\x1b[5~'], (offset, page) => offset - page),
  ...same(['\x1b[6~'], (offset, page) => offset + page),
  ...same(['\x1b[H', '\x1bOH', '\x1b[1~', '\x1b[7~'], () => 0),
  ...same(['\x1b[F', '\x1bOF', '\x1b[4~', '\x1b[8~'], () => Number.POSITIVE_INFINITY),
}

/** The keys in what a terminal has sent at once. */
export function keysIn(text: string): string[] {
  return text.match(KEY) ?? []
}

/** The view after a key. `page`: how many rows of its table are on the screen. */
export function press(view: View, key: string, page: number): View {
  if (view.isTyping) return type(view, key)
  if (view.isHelp) return { ...view, isHelp: false }
  const scroll = SCROLLS[key]
  if (scroll !== undefined) return { ...view, offset: Math.max(0, scroll(view.offset, page)) }
  const order = ORDER_KEYS[key]
  if (order !== undefined) return { ...view, order, offset: 0 }
  if (key === TAB) return choose(view, 1)
  if (key === SHIFT_TAB) return choose(view, -1)
  if (ENTER.has(key)) return { ...view, isAlone: !view.isAlone, offset: 0 }
  if (key === '/') return { ...view, isTyping: true }
  if (key === '?') return { ...view, isHelp: true }
  if (key === ESCAPE) return view.search === '' ? { ...view, isAlone: false } : found(view, '')
  return view
}

function type(view: View, key: string): View {
  if (ENTER.has(key)) return { ...view, isTyping: false }
  if (key === ESCAPE) return { ...found(view, ''), isTyping: false }
  if (BACKSPACE.has(key)) return found(view, view.search.slice(0, -1))
  const isLetter = /^[^\p{C}]$/u.test(key)
  return isLetter && view.search.length < LONGEST_SEARCH ? found(view, view.search + key) : view
}

const found = (view: View, search: string): View => ({ ...view, search, offset: 0 })

function choose(view: View, step: number): View {
  const at = TABLES.indexOf(view.table) + step + TABLES.length
  return { ...view, table: TABLES[at % TABLES.length]!, offset: 0 }
}

function same<Value>(keys: readonly string[], value: Value): Record<string, Value> {
  return Object.fromEntries(keys.map((key) => [key, value]))
}
