/**
 * The kinds of value that limits have: a number of connections, a rate, a bandwidth, a number of bytes.
 */
import * as z from 'zod'
import type { ByteRates, Rate } from '../../limits/policy.js'
import { parseSize } from '../units.js'
import { expected } from '../wording.js'
import * as fields from './fields.js'

const MOST_CONNECTIONS = 10_000_000
const LOWEST_RATE = 0.01
const HIGHEST_RATE = 1_000_000
const LEAST_BYTES = { bytes: 1024, text: '1KiB' }
const MOST_BYTES_PER_SECOND = { bytes: 1024 ** 4, text: '1TiB' }
const MOST_BYTES = { bytes: 1024 ** 5, text: '1024TiB' }

const NO_LIMIT = 'For no limit, leave the key out'
const A_RATE = `a number of new connections per second, from ${LOWEST_RATE} to ${HIGHEST_RATE}`

/** A number of connections. 0 stands for no limit, and cannot be written: a reader could take it for "nobody". */
export const limitField: z.ZodType<number> = z
  .unknown()
  .transform((value, context) => {
    const result = fields.wholeNumberField(1, MOST_CONNECTIONS).safeParse(value)
    if (result.success) return result.data
    const message = `${expected(`a whole number from 1 to ${MOST_CONNECTIONS}`, value)}. ${NO_LIMIT}`
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
  .optional()
  .default(0)

const perSecond = z.unknown().transform((value, context): number => {
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && number >= LOWEST_RATE && number <= HIGHEST_RATE) return number
  context.addIssue({ code: 'custom', message: `${expected(A_RATE, value)}. ${NO_LIMIT}` })
  return z.NEVER
})

/** A number is short for a rate alone. */
export const rateField: z.ZodType<Rate> = z
  .preprocess(
    (value) => (typeof value === 'number' || typeof value === 'string' ? { rate: value } : value),
    fields.strictMap(`${A_RATE}, or a map: { rate, burst }`, {
      rate: perSecond,
      burst: fields.optional(fields.wholeNumberField(1, HIGHEST_RATE)),
    }),
  )
  .transform(({ rate, burst }) => ({ perSecond: rate, burst: burst ?? Math.ceil(rate) }))

const bytesPerSecond = sizeOrNone(MOST_BYTES_PER_SECOND)

/** A size is short for the same in both directions. */
export const bandwidthField: z.ZodType<ByteRates> = z.preprocess(
  (value) => (typeof value === 'number' || typeof value === 'string' ? { up: value, down: value } : value),
  fields.strictMap('a size such as 10MiB, or a map: { up, down }', {
    up: bytesPerSecond.prefault(0),
    down: bytesPerSecond.prefault(0),
  }),
)

export const bytesField: z.ZodType<number> = sizeOrNone(MOST_BYTES).prefault(0)

/** 0: no limit. */
function sizeOrNone(most: { readonly bytes: number; readonly text: string }) {
  return z.unknown().transform((value, context): number => {
    if (value === 0 || value === '0') return 0
    const message = explainPerSecond(value)
    const result = fields.sizeField(LEAST_BYTES, most).safeParse(value)
    if (result.success) return result.data
    context.addIssue({ code: 'custom', message: message ?? result.error.issues[0]!.message })
    return z.NEVER
  })
}

const IN_BITS = /^(\d{1,9}(?:\.\d{1,9})?) ?([kmgt]?)(?:bps|bits?(?:\/s)?)$/i

/** People write bandwidths as `1MiB/s` or `100Mbit`. */
function explainPerSecond(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const [, bits, unit = ''] = IN_BITS.exec(value) ?? []
  if (bits !== undefined)
    return `${expected('bytes, not bits', value)}: write ${Number(bits) / 8}${unit.toUpperCase()}B`
  const size = value.replace(/\/s$/, '')
  return size !== value && typeof parseSize(size) === 'number'
    ? `${expected('a size without "/s"', value)}: write ${size}`
    : undefined
}
