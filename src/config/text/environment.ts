/**
 * Replaces `${NAME}` and `${NAME:-default}` inside one text. It works on parsed values, never on the text of
 * a file, so the value of a variable can never become structure. Replaced text is not searched again. Pure.
 */
import { quote, shorten } from '../wording.js'

export type Environment = Readonly<Record<string, string | undefined>>

/** The text with every reference replaced, and a sentence for each one that could not be replaced. */
export interface Substitution {
  readonly text: string
  readonly complaints: readonly string[]
}

/** A large variable that is named often enough would fill the memory. */
const MOST_CHARS_PUT_IN = 16 * 1024
/**
 * An escape, a reference (well formed or not), or an opening that never closes. It stops at braces to stay
 * linear.
 */
const REFERENCE = /\$\$\{|\$\{([^{}]*)\}|\$\{/g
const INSIDE = /^([A-Za-z_]\w*)(?::-(.*))?$/s

/**
 * As in a shell, `:-` also replaces a variable that is set but empty. `$${` is a plain `${`. A variable that
 * is not set and has no default is a complaint, not an empty text.
 */
export function substitute(text: string, environment: Environment): Substitution {
  const complaints = new Set<string>()
  let charsPutIn = 0
  const replaced = text.replace(REFERENCE, (whole: string, inside: string | undefined) => {
    if (whole === '$${') return '${'
    const value = lookUp(inside, environment)
    if (typeof value !== 'string') complaints.add(value.complaint)
    else charsPutIn += value.length
    return typeof value === 'string' && charsPutIn <= MOST_CHARS_PUT_IN ? value : whole
  })
  if (charsPutIn > MOST_CHARS_PUT_IN)
    complaints.add(
      `environment variables add more than ${MOST_CHARS_PUT_IN} characters to this value: use shorter ones`,
    )
  return { text: replaced, complaints: [...complaints] }
}

function lookUp(inside: string | undefined, environment: Environment): string | { complaint: string } {
  if (inside === undefined) {
    return {
      complaint:
        'a "${" is not closed: add the closing brace. A default cannot hold braces. For a plain ${ write $${',
    }
  }
  const match = INSIDE.exec(inside)
  if (match === null) {
    const reference = quote(`\${${inside}}`)
    return {
      complaint: `expected \${NAME} or \${NAME:-default}, found ${reference}. For a plain \${ write $\${`,
    }
  }
  const [, name = '', fallback] = match
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined
  if (fallback !== undefined) return value || fallback
  return (
    value ?? {
      complaint: `environment variable ${shorten(name)} is not set: set it, or write a default as in \${NAME:-default}`,
    }
  )
}
