/** Every message that the sources log by `warn` or `error`, read from the sources themselves. */
import { readdirSync, readFileSync } from 'node:fs'

export interface LogMessage {
  readonly level: string
  /** The text, with `HOLE` for each value that is put in. */
  readonly text: string
}

export const HOLE = '…'
const SOURCES = new URL('../../src/', import.meta.url)
/** A call of `log.warn(…)` or of the sink's own `jsonLine('warn', …)`. */
const CALL = /[lL]og\.(warn|error)\(|\bjsonLine\('(warn|error)', /g
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

export function logMessages(): LogMessage[] {
  return readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .flatMap((name) => messagesOf(readFileSync(new URL(name, SOURCES), 'utf8')))
}

export function messagesOf(source: string): LogMessage[] {
  return [...source.matchAll(CALL)].flatMap((call) => {
    const [, message = ''] = listAt(source, call.index + call[0].length)
    const level = call[1] ?? call[2]!
    return textsOf(message.trim(), source).map((text) => ({ level, text }))
  })
}

/** The items between commas, from `start` to the bracket that ends the list. */
function listAt(source: string, start: number): string[] {
  const items: string[] = []
  let itemStart = start
  for (let at = start; at < source.length; at++) {
    const char = source[at]!
    if (`'"\``.includes(char) || CLOSING[char] !== undefined) at = endOf(source, at)
    else if (char === ',' || ')]}'.includes(char)) {
      items.push(source.slice(itemStart, at))
      itemStart = at + 1
      if (char !== ',') return items
    }
  }
  throw new Error(`a list never ends: ${source.slice(start, start + 60)}`)
}

/** Where the bracket or text that opens at `start` closes. */
function endOf(source: string, start: number): number {
  const open = source[start]!
  for (let at = start + 1; at < source.length; at++) {
    const char = source[at]!
    if (char === (CLOSING[open] ?? open)) return at
    if (char === '\\') at++
    else if (
      open === '`' ? source.startsWith('${', at) : CLOSING[open] !== undefined && `'"\`([{`.includes(char)
    )
      at = endOf(source, open === '`' ? at + 1 : at)
  }
  throw new Error(`a bracket or a text never closes: ${source.slice(start, start + 60)}`)
}

/** The texts an expression may have. A name stands for its constant in this file, and a table for all its values. */
function textsOf(expression: string, source: string): string[] {
  const [name = ''] = /^\w+/.exec(expression) ?? []
  if (name === '') return [literal(expression)]
  const constant = new RegExp(`\\bconst ${name} = `).exec(source)
  if (constant === null) return [HOLE]
  const start = constant.index + constant[0].length
  // Only a text or a table can be read here. Anything else is a value that only the running code knows.
  if (!`'"\`{`.includes(source[start]!)) return [HOLE]
  if (source[start] !== '{') return [literal(source.slice(start, endOf(source, start) + 1))]
  return listAt(source, start + 1)
    .filter((item) => item.trim() !== '')
    .map((item) => literal(item.slice(item.lastIndexOf("': ") + 3)))
}

/** The text of a literal or of a sum of literals, with a hole for each `${}`. */
function literal(code: string): string {
  let text = ''
  for (let at = 0; at < code.length; at++) {
    if (!`'"\``.includes(code[at]!)) continue
    const end = endOf(code, at)
    text += withHoles(code.slice(at + 1, end))
    at = end
  }
  return text
}

function withHoles(template: string): string {
  const start = template.indexOf('${')
  if (start === -1) return template
  const after = withHoles(template.slice(endOf(template, start + 1) + 1))
  return template.slice(0, start) + HOLE + (after.startsWith(HOLE) ? after.slice(HOLE.length) : after)
}
