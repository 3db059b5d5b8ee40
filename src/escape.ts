/**
 * The one place that makes foreign text safe to show: in the log, on a terminal, on the page. Clients,
 * backends and senders of PROXY headers choose names and paths. A raw control character in them forges a line
 * or controls a terminal. A character that turns the direction of text makes one name look like another.
 * Pure. The page imports this file, so it imports nothing.
 */

/** Controls, format characters (bidi, zero width), halves of surrogate pairs, line and paragraph separators. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
/**
 * The same without U+0000 to U+001F. JSON escapes those inside strings. Outside of strings they are its white
 * space.
 */
const UNSAFE_IN_JSON = /[\x7f-\x9f\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** Text as one line for people: `<U+202E>` stands for what is unsafe. */
export function visible(text: string): string {
  return text.replace(UNSAFE, (char) => `<U+${hex(char.codePointAt(0) ?? 0).toUpperCase()}>`)
}

/** JSON text → JSON text of the same value, with `\u202e` for what is unsafe. */
export function escapeJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, (char) =>
    Array.from({ length: char.length }, (_, index) => `\\u${hex(char.charCodeAt(index))}`).join(''),
  )
}

/** `JSON.stringify`, with a result that is safe to show. */
export function jsonText(value: unknown, indent?: number): string {
  return escapeJson(JSON.stringify(value, undefined, indent))
}

const hex = (code: number): string => code.toString(16).padStart(4, '0')
