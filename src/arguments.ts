/**
 * The doors of the library: what a caller may give to an exported function. Each door has one table of its options. A value is read
 * once, checked and copied, so nothing behind a door meets a getter, a prototype or a Proxy of the caller. It has no schema library,
 * because `pipe` must load fast.
 */
import { types } from 'node:util'
import { MillraceError } from './errors.js'
import { jsonText, visible } from './escape.js'
import { nearestOf } from './nearest.js'

/** One kind of value. */
export interface Kind<Value> {
  /** As in `expected a Buffer or Uint8Array`. */
  readonly wanted: string
  accepts(value: unknown): value is Value
  /** What to write instead, for a value that comes near. Undefined: nothing does. */
  hint?(value: unknown): string | undefined
}

/** A kind for each option. */
type Fields<Options> = { readonly [Name in keyof Options]-?: Kind<Exclude<Options[Name], undefined>> }

/** Options as they were read: one that is undefined is left out. */
export type Read<Options> = { readonly [Name in keyof Options]: Exclude<Options[Name], undefined> }

export interface Door<Options> {
  /** The exported function. */
  readonly name: string
  /** The argument, as in `pipe: options.head`. */
  readonly argument: string
  readonly fields: Fields<Options>
  readonly required?: readonly (keyof Options & string)[]
  /** Options without which the order is about everything. One that is there and undefined is most likely a mistake of the caller. */
  readonly selects?: readonly (keyof Options & string)[]
  /** Names that other libraries and the config have for these options. */
  readonly alsoCalled?: Readonly<Record<string, keyof Options & string>>
}

const LONGEST_SHOWN_CHARS = 60

export const text = (wanted: string): Kind<string> => ({
  wanted,
  accepts: (value): value is string => typeof value === 'string' && value !== '',
})

export const flag: Kind<boolean> = {
  wanted: 'true or false',
  accepts: (value): value is boolean => typeof value === 'boolean',
}

export const onlyTrue: Kind<true> = {
  wanted: 'true',
  accepts: (value): value is true => value === true,
}

/** Whoever uses the number knows its range. */
export const number = (wanted: string): Kind<number> => ({
  wanted,
  accepts: (value): value is number => typeof value === 'number' && !Number.isNaN(value),
})

export const whole = (least: number, most: number): Kind<number> => ({
  wanted: `a whole number from ${least} to ${most}`,
  accepts: (value): value is number =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
})

/** ms from 0, without an upper bound. */
export const milliseconds: Kind<number> = {
  wanted: 'a number of ms from 0 (never)',
  accepts: (value): value is number => typeof value === 'number' && value >= 0,
  hint: (value) =>
    typeof value === 'string' ? 'only a config takes texts such as "10m": write the number of ms' : undefined,
}

export const aFunction = <Given extends (...args: never[]) => unknown>(
  wanted = 'a function',
): Kind<Given> => ({
  wanted,
  accepts: (value): value is Given => typeof value === 'function',
})

export const choice = <Word extends string>(words: readonly Word[]): Kind<Word> => ({
  wanted: `one of ${words.map(quote).join(', ')}`,
  accepts: (value): value is Word => words.some((word) => word === value),
})

/** One of Node. A stand-in of a test environment has no promises that hold. */
export const signal: Kind<AbortSignal> = {
  wanted: 'an AbortSignal',
  // A Proxy of a signal throws here, and cannot be listened to.
  accepts: (value): value is AbortSignal =>
    value instanceof AbortSignal && typeof value.aborted === 'boolean',
  hint: (value) => (value instanceof AbortController ? 'write controller.signal' : undefined),
}

/** Also of another realm, such as one of node:vm. */
export const bytes: Kind<Uint8Array> = {
  wanted: 'a Buffer or Uint8Array',
  accepts: types.isUint8Array,
  hint: (value) => {
    if (typeof value === 'string') return 'write Buffer.from(text)'
    if (types.isAnyArrayBuffer(value)) return 'write new Uint8Array(buffer)'
    return ArrayBuffer.isView(value)
      ? 'write Buffer.from(view.buffer, view.byteOffset, view.byteLength)'
      : undefined
  },
}

/**
 * A copy of the options, each of the right kind. Options that are undefined are left out, except for those that select.
 *
 * @throws MillraceError `bad-argument`
 */
export function readOptions<Options extends object>(door: Door<Options>, given: unknown): Read<Options> {
  const { name, argument, fields, required = [], selects = [] } = door
  if (given !== undefined && !isOptions(given))
    throw badArgument(name, argument, `expected an object with options, found ${show(given)}`)
  for (const key of ownKeys(door, given))
    if (!Object.hasOwn(fields, key)) throw badArgument(name, `${argument}.${key}`, unknownOption(door, key))
  const read: Partial<Record<string, unknown>> = {}
  for (const [key, kind] of Object.entries<Kind<unknown>>(fields)) {
    const value = given === undefined ? undefined : valueOf(door, given, key)
    if (value !== undefined) read[key] = checked(name, `${argument}.${key}`, kind, value)
    else if (required.some((each) => each === key))
      throw badArgument(name, `${argument}.${key}`, `is missing: expected ${kind.wanted}`)
    else if (selects.some((each) => each === key) && isThere(door, given, key))
      throw badArgument(name, `${argument}.${key}`, 'is undefined: leave it out to mean all')
  }
  return read as Read<Options>
}

/**
 * Carries an order out that came through this door. Whoever finds something wrong with it does not know the door, so its error gets the
 * name of the function and of the argument here.
 */
export function carryOut<Options, Result>(door: Door<Options>, order: () => Result): Result {
  try {
    const result = order()
    if (!(result instanceof Promise)) return result
    return result.catch((error: unknown) => {
      throw atDoor(door, error)
    }) as Result
  } catch (error) {
    throw atDoor(door, error)
  }
}

/** Checks one argument. @throws MillraceError `bad-argument` */
export function readArgument<Value>(name: string, path: string, kind: Kind<Value>, value: unknown): Value {
  return checked(name, path, kind, value)
}

export function badArgument(name: string, path: string, problem: string, cause?: unknown): MillraceError {
  return new MillraceError('bad-argument', `${name}: ${path}: ${problem}`, { cause })
}

/** What was given, in a few words. It runs no code of the caller. */
export function show(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  if (types.isProxy(value)) return 'a Proxy'
  if (Array.isArray(value)) return 'a list'
  return nameOfClass(value)
}

function checked<Value>(name: string, path: string, kind: Kind<Value>, value: unknown): Value {
  if (reading(name, path, () => kind.accepts(value))) return value as Value
  const hint = kind.hint?.(value)
  const problem = `expected ${kind.wanted}, found ${show(value)}${hint === undefined ? '' : `: ${hint}`}`
  throw badArgument(name, path, problem)
}

function unknownOption<Options>({ fields, alsoCalled = {} }: Door<Options>, key: string): string {
  const names = Object.keys(fields)
  const meant = Object.hasOwn(alsoCalled, key) ? alsoCalled[key] : nearestOf(key, names)
  const advice = meant === undefined ? `write one of ${names.join(', ')}` : `did you mean ${quote(meant)}?`
  return `is no option: ${advice}`
}

/** A Map, a Date or a list has no options, so it must not pass as an object without any. */
function isOptions(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (types.isProxy(value)) return true
  return (
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !types.isMap(value) &&
    !types.isSet(value) &&
    !types.isDate(value)
  )
}

function ownKeys<Options>({ name, argument }: Door<Options>, given: object | undefined): string[] {
  return given === undefined ? [] : reading(name, argument, () => Object.keys(given))
}

/** An inherited option counts, too, because options may be an object of a class. */
function valueOf<Options>({ name, argument }: Door<Options>, given: object, key: string): unknown {
  return reading(name, `${argument}.${key}`, () => Reflect.get(given, key))
}

function isThere<Options>({ name, argument }: Door<Options>, given: unknown, key: string): boolean {
  if (typeof given !== 'object' || given === null) return false
  return reading(name, `${argument}.${key}`, () => Reflect.has(given, key))
}

/** As `maxMs: expected …`, or a sentence about the whole order. */
function atDoor<Options>({ name, argument, fields }: Door<Options>, error: unknown): unknown {
  if (!(error instanceof MillraceError) || error.code !== 'bad-argument') return error
  const [key = ''] = error.message.split(':', 1)
  const isAboutKey = error.message.length > key.length && Object.hasOwn(fields, key)
  return new MillraceError(error.code, `${name}: ${argument}${isAboutKey ? '.' : ': '}${error.message}`)
}

/** Runs code of the caller: a getter, or the trap of a Proxy. */
function reading<Value>(name: string, path: string, read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    throw badArgument(name, path, 'cannot be read, because it throws', cause)
  }
}

function nameOfClass(value: object): string {
  const own = Object.getPrototypeOf(value) as unknown
  if (own === null || types.isProxy(own)) return 'an object'
  const named = Object.getOwnPropertyDescriptor(own, 'constructor')?.value
  const name: unknown =
    typeof named === 'function' ? Object.getOwnPropertyDescriptor(named, 'name')?.value : undefined
  if (typeof name !== 'string' || name === '' || name === 'Object') return 'an object'
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${visible(shortened(name))}`
}

const quote = (word: string): string => jsonText(shortened(word))

const shortened = (word: string): string =>
  word.length > LONGEST_SHOWN_CHARS ? `${word.slice(0, LONGEST_SHOWN_CHARS)}…` : word
