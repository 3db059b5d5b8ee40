/**
 * A line of the log for people. Every text in it is made safe to show before it is formatted, because the
 * formatter writes escape sequences of its own. Pure.
 */
import { visible } from '../../escape.js'

/** The stack of an error, which is shown in several lines. */
const STACK = 'stack'

/** `line` is JSON. Returns its value, safe to show. */
export function visibleLine(line: string): object {
  return show(JSON.parse(line), '') as object
}

function show(value: unknown, name: string): unknown {
  if (typeof value === 'string') return name === STACK ? showLines(value) : visible(value)
  if (Array.isArray(value)) return value.map((item) => show(item, ''))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [visible(key), show(each, key)]))
}

const showLines = (text: string): string => text.split('\n').map(visible).join('\n')
