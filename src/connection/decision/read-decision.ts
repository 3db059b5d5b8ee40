/**
 * Reads what a route function returns. A function is no config: nothing has checked it before, and it may return anything. Each
 * connection pays for this, so there are tables of readers and no schema.
 */
import { show } from '../../arguments.js'
import type { OwnTimeouts } from '../../config/timeouts.js'
import type { Destined, Rejection } from '../../route/visitor.js'
import { type BackendParts, readBackend } from './decided-backend.js'
import { type DecidedLimits, readLimits } from './decided-limits.js'
import { readTags } from './decided-tags.js'
import { readTimeouts } from './decided-timeouts.js'
import { isMap, type Readers, readMap, readText } from './read-map.js'

/** What a route function has decided about a client that it has not rejected. Undefined: it says nothing about this. */
export interface Decision {
  readonly cluster?: string | undefined
  readonly backend?: BackendParts | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly timeouts?: OwnTimeouts | undefined
  readonly limits?: DecidedLimits | undefined
  readonly key?: string | undefined
}

/** The compiler reports a key that a route function may return and that nobody reads. */
type Parts = { readonly [Name in Exclude<keyof Destined, 'isRejected'>]-?: Decision[Name] }

const READERS: Readers<Parts> = {
  cluster: readText,
  backend: readBackend,
  tags: readTags,
  timeouts: readTimeouts,
  limits: readLimits,
  key: readText,
}
const WANTED = `the name of a cluster, an object with some of ${Object.keys(READERS).join(', ')}, the result of visitor.reject(), or nothing`
const NOTHING: Decision = {}

/** @throws TypeError that says what was returned, and what may be */
export function readDecision(returned: unknown): Decision | Rejection {
  if (returned === undefined) return NOTHING
  if (typeof returned === 'string') return { cluster: returned }
  if (!isMap(returned)) throw new TypeError(`route: it returned ${show(returned)}: return ${WANTED}`)
  if (isRejection(returned)) return returned
  const decision = readMap(returned, READERS, '', WANTED)
  if ((decision.limits?.maxConnections ?? 0) > 0 && decision.backend === undefined)
    throw new TypeError(
      'route: limits.maxConnections is about the backend: return "backend", too, or limit the cluster',
    )
  return decision
}

export const isRejection = (decision: object): decision is Rejection =>
  'isRejected' in decision && decision.isRejected === true
