/**
 * Reads what a route function returns. A function is no config: nothing has checked it before, and it may return anything. Each
 * connection pays for this, so there is one table of readers and no schema.
 */
import { oneOf } from '../../config/suggest.js'
import type { OwnTimeouts } from '../../config/timeouts.js'
import { describe, quote } from '../../config/wording.js'
import type { Destined, Rejection } from '../../route/visitor.js'
import { readTimeouts } from './decided-timeouts.js'

/** What a route function has decided. Undefined: it says nothing about this. */
export interface Decision {
  readonly rejection?: Rejection | undefined
  readonly cluster?: string | undefined
  readonly key?: string | undefined
  readonly timeouts?: OwnTimeouts | undefined
}

type Part = Exclude<keyof Destined, 'isRejected'>
type Readers = { readonly [Name in Part]-?: (value: unknown) => NonNullable<Decision[Name]> }

const READERS: Readers = {
  cluster: (value) => readText('cluster', value),
  key: (value) => readText('key', value),
  timeouts: readTimeouts,
}
const PARTS = Object.keys(READERS) as readonly Part[]
const NOTHING: Decision = {}

/** @throws TypeError that says what was returned, and what may be */
export function readDecision(returned: unknown): Decision {
  if (returned === undefined) return NOTHING
  if (typeof returned === 'string') return { cluster: returned }
  if (!isDecision(returned))
    throw new TypeError(`route: it returned ${describe(returned)}: return ${wanted()}`)
  return isRejection(returned) ? { rejection: returned } : readParts(returned)
}

function readParts(returned: Readonly<Record<string, unknown>>): Decision {
  const decision: { [Name in Part]?: unknown } = {}
  for (const name of Object.keys(returned)) {
    const value = returned[name]
    if (value === undefined) continue
    if (!isPart(name))
      throw new TypeError(`route: it returned the unknown key ${quote(name)}${oneOf(name, PARTS)}`)
    decision[name] = READERS[name](value)
  }
  return decision as Decision
}

const isPart = (name: string): name is Part => Object.hasOwn(READERS, name)

/** An object that says nothing is a mistake unless it is written as one: `new Map()` looks like `{}` from here. */
function isDecision(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const kind: unknown = Object.getPrototypeOf(value)
  return kind === Object.prototype || kind === null || Object.keys(value).length > 0
}

function isRejection(
  value: Readonly<Record<string, unknown>>,
): value is Readonly<Record<string, unknown>> & Rejection {
  return value.isRejected === true
}

function readText(name: Part, value: unknown): string {
  if (typeof value === 'string') return value
  throw new TypeError(`route: ${name} must be a text, it is ${describe(value)}`)
}

const wanted = (): string =>
  `the name of a cluster, an object with some of ${PARTS.join(', ')}, the result of visitor.reject(), or nothing`
