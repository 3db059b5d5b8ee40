/**
 * Host names as clients ask for them and as people list them: `a.example.com`, `*.example.com` for one label, `*` for
 * any. Pure. Small letters, no trailing dot, so that no spelling gets around a rule.
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
  if (text === ANY || normalizeName(withoutStar(text)) !== undefined) return undefined
  if (text.includes('*') && !text.startsWith('*.')) return 'a "*" stands for the whole first label only'
  return isIP(text) === 0 ? 'it is not a host name' : 'it is an IP address: no client asks for one by name'
}

/** Values by pattern. Finding takes two look-ups, however many there are. */
export class NameTable<Value> {
  readonly #exact = new Map<string, Value[]>()
  /** By what follows the star and its dot. */
  readonly #wildcards = new Map<string, Value[]>()
  readonly #any: Value[] = []

  /** `pattern` was found good by `explainNamePattern`. */
  add(pattern: string, value: Value): void {
    if (pattern === ANY) {
      this.#any.push(value)
      return
    }
    const name = normalizeName(withoutStar(pattern)) ?? ''
    const map = pattern.startsWith('*.') ? this.#wildcards : this.#exact
    const values = map.get(name)
    if (values === undefined) map.set(name, [value])
    else values.push(value)
  }

  /** Values of every pattern that `name` (normalized) fits, the most specific first, then in the order added. */
  find(name: string | undefined): readonly Value[] {
    if (name === undefined) return this.#any
    const dot = name.indexOf('.')
    const exact = this.#exact.get(name) ?? []
    const wild = dot === -1 ? [] : (this.#wildcards.get(name.slice(dot + 1)) ?? [])
    return [...exact, ...wild, ...this.#any]
  }
}

const withoutStar = (pattern: string): string => (pattern.startsWith('*.') ? pattern.slice(2) : pattern)
