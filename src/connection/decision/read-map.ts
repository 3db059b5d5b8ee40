/** Reads maps that a route function returns, each by one table of its keys. Pure. */
import { show } from '../../arguments.js'
import { oneOf } from '../../config/suggest.js'
import { quote } from '../../config/wording.js'

/** Reads a value, or throws a TypeError that says what is wrong. `at`: where the value stands, such as `backend.tls`. */
export type Reader<Value> = (value: unknown, at: string) => Value
export type Readers<Parts> = { readonly [Name in keyof Parts]-?: Reader<Exclude<Parts[Name], undefined>> }

export type AnyMap = Readonly<Record<string, unknown>>

/** An object that says nothing is a mistake unless it is written as one: a Map or a Date looks like `{}` from here. */
export function isMap(value: unknown): value is AnyMap {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const kind: unknown = Object.getPrototypeOf(value)
  return kind === Object.prototype || kind === null || Object.keys(value).length > 0
}

/** Keys whose value is undefined say nothing. `wanted`: what the value should be. */
export function readMap<Parts>(
  value: unknown,
  readers: Readers<Parts>,
  at: string,
  wanted: string,
): Partial<Parts> {
  if (!isMap(value)) throw wrong(at, wanted, value)
  const parts: { [name: string]: unknown } = {}
  for (const name of Object.keys(value)) {
    const given = value[name]
    if (given === undefined) continue
    const path = at === '' ? name : `${at}.${name}`
    if (!Object.hasOwn(readers, name)) throw unknownKey(path, name, Object.keys(readers))
    parts[name] = readers[name as keyof Parts](given, path)
  }
  return parts as Partial<Parts>
}

/** The error for a value that is not what it should be. It does not show the value if it may hold a secret. */
export function wrong(at: string, wanted: string, value: unknown): TypeError {
  return new TypeError(`route: ${at}: expected ${wanted}, not ${show(value)}`)
}

export const readText: Reader<string> = (value, at) => {
  if (typeof value === 'string') return value
  throw wrong(at, 'a text', value)
}

export const readBoolean: Reader<boolean> = (value, at) => {
  if (typeof value === 'boolean') return value
  throw wrong(at, 'true or false', value)
}

/** A text that passes a check. `explain` returns what is wrong with it. */
export function textThat(explain: (text: string) => string | undefined): Reader<string> {
  return (value, at) => {
    const text = readText(value, at)
    const message = explain(text)
    if (message !== undefined) throw new TypeError(`route: ${at}: ${message}`)
    return text
  }
}

function unknownKey(path: string, name: string, names: readonly string[]): TypeError {
  return new TypeError(`route: ${quote(path)} is an unknown key${oneOf(name, names)}`)
}
