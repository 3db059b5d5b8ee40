/**
 * What a limit is called that has no place for a client. There is one table for records, the status, the log and the config. Pure.
 */
import type { OpeningCause } from '../observe/endings.js'
import type { LIMIT_REFUSALS } from '../status/limits.js'
import type { NoPlace } from './limiter.js'
import { readScope } from './scope.js'

interface Names {
  /** In the cause of a record. */
  readonly cause: 'connections' | 'rate' | 'bytes-today' | 'table-full'
  /** In `limitRefusals` of the status. */
  readonly refusal: (typeof LIMIT_REFUSALS)[number]
  /** In the log: the key of the config, if a key says how many places there are. */
  readonly title: string
}

const OF_SCOPES: Readonly<Record<Exclude<NoPlace['why'], 'bytes-today'>, Names>> = {
  connections: { cause: 'connections', refusal: 'connections', title: 'maxConnections' },
  rate: { cause: 'rate', refusal: 'rate', title: 'newPerSecond' },
  'full-table': { cause: 'table-full', refusal: 'table-full', title: 'the limit of scopes' },
}

const OF_SOURCES: Readonly<Record<NoPlace['why'], Names>> = {
  connections: {
    cause: 'connections',
    refusal: 'source-connections',
    title: 'perSource.maxConnections',
  },
  rate: { cause: 'rate', refusal: 'source-rate', title: 'perSource.newPerSecond' },
  'bytes-today': { cause: 'bytes-today', refusal: 'bytes-today', title: 'perSource.bytesPerDay' },
  'full-table': { cause: 'table-full', refusal: 'table-full', title: 'limits.sources' },
}

/** Only a source has bytes of today. */
export const namesOf = ({ limit: { perSource }, why }: NoPlace): Names =>
  perSource === undefined && why !== 'bytes-today' ? OF_SCOPES[why] : OF_SOURCES[why]

/** The cause in the record of a client that gets no place. */
export function causeOf(noPlace: NoPlace): OpeningCause {
  const { scope, perSource } = noPlace.limit
  const { kind } = readScope(scope)
  const { cause } = namesOf(noPlace)
  return perSource === undefined ? `limit: ${kind} ${cause}` : `source-limit: ${cause} (${kind})`
}

/** How many places there are. Undefined: the limit does not say it. */
export function mostOf({ limit: { perSource, want }, why }: NoPlace): number | undefined {
  if (why === 'full-table') return undefined
  if (why === 'bytes-today') return perSource?.bytesPerDay
  return why === 'rate' ? want.perSecond : want.most
}
