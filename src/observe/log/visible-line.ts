/**
 * A line of the log for people: every text in it is made safe to show before it is formatted, because what formats it
 * writes escape sequences of its own. Pure.
 */
import { visible } from '../../escape.js'

/** Of an error, which is shown in several lines. */
const STACK = 'stack'

/** `line` is JSON; the answer is its value. */
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
