/**
 * Host names as clients ask for them and as people list them: `a.example.com`, `*.example.com` (one label),
 * `**.example.com` (one label or more), `*` (any name). Pure. Small letters, no trailing dot, so that no spelling gets around a rule.
 */
import { isIP } from 'node:net'

/** RFC 1035 section 2.3.4, as text. */
const MOST_CHARS = 253
/** As in DNS names; the underscore is used though no host name may have it. */
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/
const ANY = '*'

/** As it is compared, or undefined where it is no host name (an IP address is none: RFC 6066 section 3). */
export function normalizeName(text: string): string | undefined {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase()
  // Letters outside ASCII may become ASCII in small; they were never a host name.
  if (name.length > MOST_CHARS || /[^\x21-\x7e]/.test(text) || isIP(name) !== 0) return undefined
  return name.split('.').every((label) => LABEL.test(label)) ? name : undefined
}

/** What is wrong with a pattern; undefined where nothing is. */
export function explainNamePattern(text: string): string | undefined {
  if (text === ANY || normalizeName(withoutStars(text)) !== undefined) return undefined
  if (text === '**') return 'write "*" for any name'
  if (text.includes('*') && starsOf(text) === '') {
    return 'a "*" stands for the whole first label: write *.example.com, or **.example.com for one label or more'
  }
  return isIP(text) === 0
    ? 'this is not a host name: write a name such as a.example.com'
    : 'clients send no IP address as a server name: write a host name'
}

/** Values by pattern. `find` takes a few look-ups for each label of the name, however many patterns there are. */
export class NameTable<Value> {
  readonly #exact = new Map<string, Value[]>()
  /** By what follows `*.`. */
  readonly #wildcards = new Map<string, Value[]>()
  /** By what follows `**.`. */
  readonly #deep = new Map<string, Value[]>()
  readonly #any: Value[] = []

  /** `pattern` was found good by `explainNamePattern`. */
  add(pattern: string, value: Value): void {
    if (pattern === ANY) {
      this.#any.push(value)
      return
    }
    const name = normalizeName(withoutStars(pattern)) ?? ''
    const map = { '': this.#exact, '*.': this.#wildcards, '**.': this.#deep }[starsOf(pattern)]
    const values = map.get(name)
    if (values === undefined) map.set(name, [value])
    else values.push(value)
  }

  /** Values of every pattern that `name` (normalized) fits, the most specific first, then in the order added. */
  find(name: string | undefined): readonly Value[] {
    if (name === undefined) return this.#any
    const exact = this.#exact.get(name) ?? []
    const wild = this.#wildcards.get(parentOf(name)) ?? []
    return [...exact, ...wild, ...this.#findDeep(name), ...this.#any]
  }

  /** The longest pattern first. */
  #findDeep(name: string): Value[] {
    const found: Value[] = []
    if (this.#deep.size === 0) return found
    for (let parent = parentOf(name); parent !== ''; parent = parentOf(parent)) {
      found.push(...(this.#deep.get(parent) ?? []))
    }
    return found
  }
}

/** What a pattern begins with. */
function starsOf(pattern: string): '' | '*.' | '**.' {
  if (pattern.startsWith('*.')) return '*.'
  return pattern.startsWith('**.') ? '**.' : ''
}

const withoutStars = (pattern: string): string => pattern.slice(starsOf(pattern).length)

/** Without its first label; empty where there is no other. */
function parentOf(name: string): string {
  const dot = name.indexOf('.')
  return dot === -1 ? '' : name.slice(dot + 1)
}

/** NAMEDATALEN - 1 of PostgreSQL: servers before version 17 cut longer names off here, later ones do not. */
export const MOST_POSTGRES_NAME_BYTES = 63

/** What is wrong with the name of a role or a database, if anything is. Two servers would read it as one name. */
export function explainPostgresName(name: string): string | undefined {
  const bytes = Buffer.byteLength(name)
  if (bytes > 0 && bytes <= MOST_POSTGRES_NAME_BYTES) return undefined
  return `expected 1 to ${MOST_POSTGRES_NAME_BYTES} bytes, found ${bytes}`
}
