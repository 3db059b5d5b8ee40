/**
 * Host names as clients ask for them and as people list them: `a.example.com`, `*.example.com` (one label),
 * `**.example.com` (one label or more), `*` (any name). Pure. Names are compared in lower case and without a
 * trailing dot, so that no spelling gets around a rule.
 */
import { isIP } from 'node:net'

/** RFC 1035 section 2.3.4, as text. */
const MOST_CHARS = 253
/** A label of a DNS name. Host names may not have an underscore, but people use it. */
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/
const ANY = '*'

/**
 * The name as it is compared. Undefined: the text is not a host name. An IP address is not one (RFC 6066
 * section 3).
 */
export function normalizeName(text: string): string | undefined {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase()
  // `toLowerCase` can turn a letter outside ASCII into one of ASCII. Such a text was never a host name.
  if (name.length > MOST_CHARS || /[^\x21-\x7e]/.test(text) || isIP(name) !== 0) return undefined
  return name.split('.').every((label) => LABEL.test(label)) ? name : undefined
}

/**
 * Whether a resolver may read the name as a number, as it reads `0x7f.1` as 127.0.0.1. The last label of no host name is a
 * number (WHATWG URL, "ends in a number"). `name` is in lower case and without a trailing dot.
 */
export const endsInNumber = (name: string): boolean => /(?:^|\.)(?:\d+|0x[\da-f]*)$/.test(name)

/** Says what is wrong with a pattern. Undefined: nothing is wrong. */
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

/** The pattern as it is compared. Undefined: `explainNamePattern` finds something wrong with it. */
export function normalizePattern(text: string): string | undefined {
  if (text === ANY) return ANY
  const name = normalizeName(withoutStars(text))
  return name === undefined ? undefined : starsOf(text) + name
}

/** Of two patterns (normalized) that match one name, the more specific one has the higher rank. */
export function rankOfPattern(pattern: string): number {
  if (pattern === ANY) return 0
  const stars = starsOf(pattern)
  if (stars === '**.') return pattern.length - stars.length
  return stars === '*.' ? MOST_CHARS + 1 : MOST_CHARS + 2
}

/** The patterns (normalized) that can match a name: the most specific one first. */
export function patternsFor(name: string | undefined): string[] {
  if (name === undefined) return [ANY]
  const patterns = [name]
  let parent = parentOf(name)
  if (parent !== '') patterns.push(`*.${parent}`)
  for (; parent !== ''; parent = parentOf(parent)) patterns.push(`**.${parent}`)
  return [...patterns, ANY]
}

/**
 * Values by pattern. `find` makes a few look-ups for each label of the name, however many patterns there are.
 */
export class NameTable<Value> {
  readonly #exact = new Map<string, Value[]>()
  /** By the text after `*.`. */
  readonly #wildcards = new Map<string, Value[]>()
  /** By the text after `**.`. */
  readonly #deep = new Map<string, Value[]>()
  readonly #any: Value[] = []

  /** `explainNamePattern` must have accepted `pattern`. */
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

  /**
   * The values of every pattern that matches `name` (normalized): the most specific first, then in the order
   * added.
   */
  find(name: string | undefined): readonly Value[] {
    if (name === undefined) return this.#any
    const exact = this.#exact.get(name) ?? []
    const wild = this.#wildcards.get(parentOf(name)) ?? []
    return [...exact, ...wild, ...this.#findDeep(name), ...this.#any]
  }

  /** The longest pattern comes first. */
  #findDeep(name: string): Value[] {
    const found: Value[] = []
    if (this.#deep.size === 0) return found
    for (let parent = parentOf(name); parent !== ''; parent = parentOf(parent)) {
      found.push(...(this.#deep.get(parent) ?? []))
    }
    return found
  }
}

/** The stars that a pattern begins with. */
function starsOf(pattern: string): '' | '*.' | '**.' {
  if (pattern.startsWith('*.')) return '*.'
  return pattern.startsWith('**.') ? '**.' : ''
}

const withoutStars = (pattern: string): string => pattern.slice(starsOf(pattern).length)

/** The name without its first label. Empty: it has no other. */
function parentOf(name: string): string {
  const dot = name.indexOf('.')
  return dot === -1 ? '' : name.slice(dot + 1)
}

/** IANA's name of Postgres for ALPN. */
export const ALPN_POSTGRESQL = 'postgresql'

/** NAMEDATALEN - 1 of PostgreSQL. Servers before version 17 cut longer names off here. Later ones do not. */
export const MOST_POSTGRES_NAME_BYTES = 63

/**
 * Says what is wrong with the name of a role or a database. Undefined: nothing is wrong. A server that cuts
 * names off would read two longer names that begin alike as one.
 */
export function explainPostgresName(name: string): string | undefined {
  const bytes = Buffer.byteLength(name)
  if (bytes > 0 && bytes <= MOST_POSTGRES_NAME_BYTES) return undefined
  return `expected 1 to ${MOST_POSTGRES_NAME_BYTES} bytes, found ${bytes}`
}
