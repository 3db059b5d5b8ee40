/** Reads the limits that a route function returns: those of one connection, and how many its backend may have. */
import { parseSize } from '../../config/units.js'
import type { ByteRates, ConnectionLimits } from '../../limits/policy.js'
import { type Reader, type Readers, readMap, wrong } from './read-map.js'

/** Undefined: the function says nothing about it. 0: no limit. */
export interface DecidedLimits extends Partial<ConnectionLimits> {
  /** Connections of the backend. */
  readonly maxConnections?: number | undefined
}

const MOST_CONNECTIONS = 10_000_000
const LEAST_BYTES = 1024
const MOST_BYTES_PER_SECOND = 1024 ** 4
const MOST_BYTES = 1024 ** 5

export const readLimits: Reader<DecidedLimits> = (value, at) =>
  readMap(value, LIMITS, at, 'a map such as { bytesPerSecond: "1MiB" }')

const readConnections: Reader<number> = (value, at) => {
  if (isWithin(value, 1, MOST_CONNECTIONS)) return value
  throw wrong(at, `a whole number from 1 to ${MOST_CONNECTIONS}, or no such key`, value)
}

/** 0: no limit. */
function bytesUpTo(most: number, text: string): Reader<number> {
  return (value, at) => {
    const bytes = typeof value === 'string' ? parseSize(value) : value
    if (typeof bytes === 'string') throw new TypeError(`route: ${at}: ${bytes}`)
    if (bytes === 0 || isWithin(bytes, LEAST_BYTES, most)) return bytes
    throw wrong(at, `a size from 1KiB to ${text}, or 0`, value)
  }
}

const perSecond = bytesUpTo(MOST_BYTES_PER_SECOND, '1TiB')
const RATES: Readers<ByteRates> = { up: perSecond, down: perSecond }

const readRates: Reader<ByteRates> = (value, at) => {
  if (typeof value === 'number' || typeof value === 'string') {
    const rate = perSecond(value, at)
    return { up: rate, down: rate }
  }
  const { up = 0, down = 0 } = readMap(value, RATES, at, 'a size such as 1MiB, or a map: { up, down }')
  return { up, down }
}

const LIMITS: Readers<DecidedLimits> = {
  maxConnections: readConnections,
  bytesPerSecond: readRates,
  maxBytes: bytesUpTo(MOST_BYTES, '1024TiB'),
}

const isWithin = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
