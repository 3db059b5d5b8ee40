/**
 * The kinds of value in a config, as zod types with our own sentences: zod's sentences name types, ours say
 * what to write. Every reader returns the value, or a sentence that says what is wrong.
 */
import * as z from 'zod'
import type { Address } from '../../address.js'
import { LONGEST_DURATION_MS } from '../constants.js'
import { ourKeyFor } from '../foreign-keys.js'
import { didYouMean, oneOf } from '../suggest.js'
import { parseDuration, parseSize } from '../units.js'
import {
  parseBackendAddress,
  parseListenerAddress,
  parseListenerAddresses,
  parsePortedAddress,
} from '../values/addresses.js'
import { expected, quote } from '../wording.js'

const MOST_WORKERS = 256
const NAME = /^[A-Za-z0-9][\w.:-]{0,62}$/

/** Exactly these keys. Its message has a line for each unknown key, in zod's order. `whereElse`: that of a key of another map. */
export function strictMap<Shape extends z.ZodRawShape>(
  what: string,
  shape: Shape,
  whereElse: (key: string) => string | undefined = () => undefined,
): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape)
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => whereElse(key) ?? explainUnknown(key, known)).join('\n')
        : expected(what, issue.input),
  })
}

/** A key that is near is meant, or else that of another proxy. */
function explainUnknown(key: string, known: readonly string[]): string {
  const ours = didYouMean(key, known) === '' ? ourKeyFor(key) : undefined
  return ours === undefined
    ? `unknown key${oneOf(key, known)}`
    : `unknown key: its name here is ${ours}: use that key`
}

/** A value that may be missing. Its key is always there, so that every config has the same shape. */
export function optional<Value extends z.ZodType>(
  value: Value,
): z.ZodType<z.output<Value> | undefined, z.input<Value> | undefined> {
  return value.optional().default(undefined as never)
}

/** One text, or a list of at least one. `explain` must find nothing wrong with any of them. */
export function textsField(
  what: string,
  explain: (text: string) => string | undefined,
): z.ZodType<readonly string[]> {
  return oneOrMore(`${what}, or a list`, checkedTextField(what, explain))
}

/** A text. `explain` must find nothing wrong with it. */
export function checkedTextField(what: string, explain: (text: string) => string | undefined): z.ZodString {
  return textField(what).superRefine((value, context) => {
    const message = explain(value)
    if (message !== undefined) context.addIssue({ code: 'custom', message: `${quote(value)}: ${message}` })
  })
}

/** One text or number, or a list of at least one. */
export function oneOrMore<Item extends z.ZodType>(
  what: string,
  item: Item,
): z.ZodPreprocess<z.ZodArray<Item>> {
  return z.preprocess(
    (value) => (typeof value === 'string' || typeof value === 'number' ? [value] : value),
    listOf(what, item),
  )
}

/** A list of at least one. */
export function listOf<Item extends z.ZodType>(what: string, item: Item): z.ZodArray<Item> {
  return z
    .array(item, { error: (issue) => expected(what, issue.input) })
    .min(1, `expected ${what}, found an empty list`)
}

/** A map of any keys to `value`, at least one. `references.ts` checks the keys. */
export function mapOf<Value extends z.ZodType>(what: string, value: Value): z.ZodRecord<z.ZodString, Value> {
  return z.record(z.string(), value, { error: ({ input }) => expected(what, input) })
}

export function choiceOf<const Choice extends string>(
  choices: readonly Choice[],
): z.ZodEnum<z.core.util.ToEnum<Choice>> {
  const list = choices.map((choice) => JSON.stringify(choice)).join(', ')
  const what = choices.length === 1 ? list : `one of ${list}`
  return z.enum(choices, {
    error: ({ input }) =>
      expected(what, input) + (typeof input === 'string' ? didYouMean(input, choices) : ''),
  })
}

export function textField(what: string): z.ZodString {
  return z.string({
    error: ({ input }) => {
      const hint = typeof input === 'number' || typeof input === 'boolean' ? '; put it in quotes' : ''
      return expected(what, input) + hint
    },
  })
}

/** A text that no message shows, whatever stands in its place. */
export function secretField(what: string): z.ZodString {
  return z.string({
    error: ({ input }) => `expected ${what}${input === undefined ? '' : '; put it in quotes'}`,
  })
}

export const nameField = textField('a name').regex(NAME, { error: ({ input }) => explainName(input) ?? '' })

/** Says what is wrong with a name. Undefined: nothing is wrong. */
export function explainName(name: unknown): string | undefined {
  if (typeof name === 'string' && NAME.test(name)) return undefined
  return expected(
    'a name of 1 to 63 letters, digits, "_", ".", ":" or "-" that begins with a letter or digit',
    name,
  )
}

export const booleanField = field((value) => {
  if (typeof value === 'boolean') return value
  if (value === 'true' || value === 'false') return value === 'true'
  return expected('true or false', value)
})

/** A map, or `false` for none, or `true` for one with all its defaults. */
export function switchable<Map extends z.ZodType>(map: Map): z.ZodType<z.output<Map> | false> {
  return mapOrSwitch(map).transform((value) => (value === true ? map.parse({}) : value))
}

/** A map, or `true` or `false`. */
export function mapOrSwitch<Map extends z.ZodType>(map: Map): z.ZodType<z.output<Map> | boolean> {
  return z.unknown().transform((value, context): z.output<Map> | boolean => {
    if (value === false || value === 'false') return false
    if (value === true || value === 'true') return true
    return readBy(map, value, context)
  })
}

/** Reads a value by another type. Its issues are told at `path` below this place. */
export function readBy<Type extends z.ZodType>(
  type: Type,
  value: unknown,
  context: z.RefinementCtx,
  path: readonly (string | number)[] = [],
): z.output<Type> {
  const result = type.safeParse(value)
  if (result.success) return result.data
  for (const issue of result.error.issues) {
    const told = { ...issue, path: [...path, ...issue.path], input: value }
    context.issues.push(told as z.core.$ZodRawIssue)
  }
  return z.NEVER
}

/** A number from 0 to 1, or the same in digits. */
export const fractionField = field((value) => {
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value
  const isFine = typeof number === 'number' && number >= 0 && number <= 1
  return isFine ? number : expected('a number from 0 to 1', value)
})

/** A whole number from `least` to `most`. Digits in a text will do, because an environment variable gives text. */
export function wholeNumberField(least: number, most: number): z.ZodType<number> {
  return field((value) => readWholeNumber(value, least, most))
}

export const workersField = z.unknown().transform((value, context): number | 'auto' => {
  if (value === 'auto') return value
  return settle(readWholeNumber(value, 1, MOST_WORKERS, '"auto" or '), context)
})

export const durationField = field((value) => {
  const ms = readQuantity('a duration, such as 5s', value, parseDuration)
  if (typeof ms === 'string' || ms <= LONGEST_DURATION_MS) return ms
  return expected('at most 24d, or 0 for no limit', value)
})

/** A duration of at least 1 ms. */
export const waitField = field((value) => {
  const ms = readQuantity('a duration, such as 5s', value, parseDuration)
  if (typeof ms === 'string' || (ms > 0 && ms <= LONGEST_DURATION_MS)) return ms
  return expected('a duration from 1ms to 24d', value)
})

/** A duration that the kernel counts in seconds: whole seconds, from 1 to `most`. */
export function secondsField(most: number): z.ZodType<number> {
  return field((value) => {
    const ms = readQuantity('a duration, such as 5s', value, parseDuration)
    if (typeof ms === 'string' || (ms >= 1000 && ms <= most * 1000 && ms % 1000 === 0)) return ms
    return expected(`whole seconds from 1s to ${most}s`, value)
  })
}

export function sizeField(
  least: { bytes: number; text: string },
  most: { bytes: number; text: string },
): z.ZodType<number> {
  return field((value) => {
    const bytes = readQuantity('a size, such as 64KiB', value, parseSize)
    if (typeof bytes === 'string' || (bytes >= least.bytes && bytes <= most.bytes)) return bytes
    return expected(`a size from ${least.text} to ${most.text}`, value)
  })
}

/** The host is an IP address, or `localhost` for 127.0.0.1, because a listener resolves no names. */
export const listenerAddressField = addressField(parseListenerAddress)

/** The same, or a range of ports. */
export const listenerAddressesField = field((value) =>
  typeof value === 'string' ? parseListenerAddresses(value) : noAddress(value),
)

export const backendAddressField = addressField(parseBackendAddress)

/** An address of which nobody should forget the port. */
export const portedAddressField = addressField(parsePortedAddress)

/** An address that `parse` reads from text. A sentence of `parse` becomes the problem. */
export function addressField(parse: (text: string) => Address | string) {
  return field<Address>((value) => readAddress(value, parse))
}

/** A value that `read` returns. A text is what is wrong with it. */
export function field<Value extends number | boolean | object>(read: (value: unknown) => Value | string) {
  return z.unknown().transform((value, context) => settle(read(value), context))
}

/** Takes a reader's value, or adds its sentence as an issue at this place. */
function settle<Value>(result: Value | string, context: z.RefinementCtx): Value {
  if (typeof result !== 'string') return result
  context.addIssue({ code: 'custom', message: result })
  return z.NEVER
}

function readAddress(value: unknown, parse: (text: string) => Address | string): Address | string {
  return typeof value === 'string' ? parse(value) : noAddress(value)
}

const noAddress = (value: unknown): string => expected('an address, such as 127.0.0.1:7000', value)

function readWholeNumber(value: unknown, least: number, most: number, instead = ''): number | string {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  const isFine = typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most
  return isFine ? number : expected(`${instead}a whole number from ${least} to ${most}`, value)
}

function readQuantity(
  what: string,
  value: unknown,
  parse: (text: string) => number | string,
): number | string {
  if (typeof value === 'string') return parse(value)
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value
  return expected(`${what}, or a whole number from 0`, value)
}
