/**
 * Merges the statuses of several workers into one, as the description of each field in src/status/ says.
 * Pure.
 */
import { type Field, type Fields, keysOf, type ThingsField } from '../../status/fields.js'
import { STATUS } from '../../status/status.js'
import type { HistogramStatus, ProxyStatus } from '../status.js'
import { addHistograms } from './histogram.js'

/** The values of some fields, by name. */
export type Values = Readonly<Record<string, unknown>>

/** @throws RangeError if there is no status. */
export function mergeStatuses(statuses: readonly ProxyStatus[]): ProxyStatus {
  if (statuses.length === 0) throw new RangeError('there is no status to merge')
  return mergeValues(STATUS, statuses.map(asValues)) as unknown as ProxyStatus
}

export const asValues = (told: object): Values => told as Values

/**
 * Merges what several processes know about one thing. If a process no longer has the thing in its config,
 * only its counts matter, as long as another process still has it.
 */
export function mergeValues(fields: Fields, all: readonly Values[]): Values {
  const present = all.filter(({ isLeaving }) => isLeaving !== true)
  const asked = present.length > 0 ? present : all
  const merged: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    if (field.kind === 'things') Object.assign(merged, foldThings(name, field, all))
    else if (field.kind !== 'past') {
      const sources = ADDED_UP.has(field.kind) ? all : inTurn(field, asked)
      merged[name] = mergeField(
        field,
        sources.map((each) => each[name]),
      )
    }
  }
  return merged
}

const ADDED_UP: ReadonlySet<Field['kind']> = new Set([
  'count',
  'common-count',
  'gauge',
  'histogram',
  'part',
  'each',
  'running',
  'tally',
])

/** In the order in which they are asked for a text. */
function inTurn(field: Field, asked: readonly Values[]): readonly Values[] {
  const time = field.kind === 'finding' ? field.ofEarliest : undefined
  if (time === undefined) return asked
  const isEarlier = (a: Values, b: Values): boolean => String(a[time]) < String(b[time])
  return asked.toSorted((a, b) => Number(isEarlier(b, a)) - Number(isEarlier(a, b)))
}

function mergeField(field: Exclude<Field, ThingsField>, values: readonly unknown[]): unknown {
  const known = values.filter((value) => value !== undefined)
  if (known.length === 0) return undefined
  switch (field.kind) {
    case 'count':
    case 'gauge':
      return (known as number[]).reduce((sum, value) => sum + value, 0)
    case 'common-count':
    case 'highest':
      return Math.max(...(known as number[]))
    case 'lowest':
      return Math.min(...(known as number[]))
    case 'earliest':
      return (known as string[]).reduce((a, b) => (b < a ? b : a))
    case 'latest':
      return (known as string[]).reduce((a, b) => (b > a ? b : a))
    case 'setting':
    case 'finding':
    case 'key':
      return known[0]
    case 'choice':
      return field.order.find((value) => known.includes(value))
    case 'texts':
      return [...new Set(known.flat())]
    case 'histogram':
      return addHistograms(known as HistogramStatus[])
    case 'part':
      return mergeValues(field.fields, known as Values[])
    case 'each':
    case 'past':
      return known.flat()
    case 'running':
    case 'tally':
      return mergeRows(field.fields, (known as Values[][]).flat())
  }
}

/** A thing that is past in one worker and present in another is present. */
function foldThings(name: string, { fields, past }: ThingsField, all: readonly Values[]): Values {
  const rowsOf = (list: string): Values[] => all.flatMap((each) => each[list] as Values[])
  const now = rowsOf(name)
  const keyOf = keyIn(fields)
  const present = new Set(now.map(keyOf))
  const rows = mergeRows(fields, [...now, ...rowsOf(past)])
  return {
    [name]: rows.filter((row) => present.has(keyOf(row))),
    [past]: rows.filter((row) => !present.has(keyOf(row))),
  }
}

/** Rows with the same keys become one row, in the place of the first. */
export function mergeRows(fields: Fields, rows: readonly Values[]): Values[] {
  const keyOf = keyIn(fields)
  const groups = new Map<string, Values[]>()
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return Array.from(groups.values(), (same) => mergeValues(fields, same))
}

function keyIn(fields: Fields): (row: Values) => string {
  const keys = keysOf(fields)
  return (row) => JSON.stringify(keys.map((name) => row[name]))
}
