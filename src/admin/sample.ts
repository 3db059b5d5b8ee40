/**
 * What is kept of one status: some of its fields. Samples share the parts that are equal, so what does not change takes memory
 * once. Pure.
 */
import type { Values } from '../observe/counts/merge.js'
import type { Field, Fields } from '../status/fields.js'

/** A sample has at most so many rows in all of its lists. */
export const MOST_ROWS = 1000

/** Takes these fields. `before`: the sample before this one. Undefined: the status has too many rows. */
export function sampleOf(fields: Fields, status: object, before?: Values): Values | undefined {
  const values = status as Values
  if (countRows(fields, values, MOST_ROWS) > MOST_ROWS) return undefined
  return sharing(before, take(fields, values))
}

/** Does not count on above `most`. */
function countRows(fields: Fields, values: Values, most: number): number {
  let count = 0
  for (const [name, field] of Object.entries(fields)) {
    if (field.kind !== 'running') continue
    const rows = values[name] as readonly Values[]
    count += rows.length
    for (const row of rows) if (count <= most) count += countRows(field.fields, row, most - count)
  }
  return count
}

const take = (fields: Fields, values: Values): Values =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) =>
      name in values ? [[name, takeField(field, values[name])]] : [],
    ),
  )

function takeField(field: Field, value: unknown): unknown {
  if (field.kind === 'part') return take(field.fields, value as Values)
  if (field.kind !== 'running') return value
  return (value as readonly Values[]).map((row) => take(field.fields, row))
}

/** `now`, with the parts of `before` in place of those that are equal. */
function sharing<Value>(before: unknown, now: Value): Value {
  if (!isObject(before) || !isObject(now)) return now
  const entries = Object.entries(now).map(([key, value]) => [key, sharing(before[key], value)] as const)
  const isSame = entries.every(([key, value]) => Object.is(before[key], value))
  if (isSame && entries.length === Object.keys(before).length) return before as Value
  return (Array.isArray(now) ? entries.map(([, value]) => value) : Object.fromEntries(entries)) as Value
}

const isObject = (value: unknown): value is Values => typeof value === 'object' && value !== null
