/**
 * `${NAME}` and `${NAME:-default}` inside one text. Works on values already parsed, never on the text of a file, so
 * what a variable holds can never become structure. What is put in is not looked at again. Pure.
 */

export type Environment = Readonly<Record<string, string | undefined>>

/** The text with every reference replaced, and one sentence per reference that could not be. */
export interface Substitution {
  readonly text: string
  readonly complaints: readonly string[]
}

/** An escape, a reference (well formed or not), or an opening that never closes. */
const REFERENCE = /\$\$\{|\$\{([^}]*)\}|\$\{/g
const INSIDE = /^([A-Za-z_]\w*)(?::-(.*))?$/s

/**
 * As in a shell, `:-` also stands in for a variable that is set but empty, and `$${` is a plain `${`.
 * Fails closed: a variable that is unset and has no default is a complaint, not an empty text.
 */
export function substitute(text: string, environment: Environment): Substitution {
  const complaints: string[] = []
  const replaced = text.replace(REFERENCE, (whole: string, inside: string | undefined) => {
    if (whole === '$${') return '${'
    const value = lookUp(inside, environment)
    if (typeof value === 'string') return value
    complaints.push(value.complaint)
    return whole
  })
  return { text: replaced, complaints }
}

function lookUp(inside: string | undefined, environment: Environment): string | { complaint: string } {
  if (inside === undefined) return { complaint: '"${" is never closed; write $${ for a plain ${' }
  const match = INSIDE.exec(inside)
  if (match === null) {
    return {
      complaint: `\${${inside}} is neither \${NAME} nor \${NAME:-default}; write $\${ for a plain \${`,
    }
  }
  const [, name = '', fallback] = match
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined
  if (fallback !== undefined) return value || fallback
  return (
    value ?? { complaint: `environment variable ${name} is not set; \${${name}:-default} gives it a default` }
  )
}
