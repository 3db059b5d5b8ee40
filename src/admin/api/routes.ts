/**
 * Method and path → operation. Pure.
 */

import { ProblemError } from '../http/problem.js'
import type { Operation } from './operations/operation.js'
import { OPERATIONS } from './operations/operations.js'

export interface Route {
  readonly operation: Operation
  /** The varying parts of the path, decoded. */
  readonly parts: Readonly<Record<string, string>>
}

interface Pattern {
  readonly operation: Operation
  readonly names: readonly string[]
  readonly matcher: RegExp
}

const PATTERNS: readonly Pattern[] = OPERATIONS.map((operation) => ({
  operation,
  names: [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!),
  matcher: new RegExp(`^${operation.path.replace(/\{\w+\}/g, '([^/]+)')}$`),
}))

/** @throws ProblemError 404, 405 */
export function findOperation(method: string, path: string): Route {
  const fitting = PATTERNS.flatMap(({ operation, names, matcher }) => {
    const match = matcher.exec(path)
    return match === null ? [] : [{ operation, parts: partsOf(names, match.slice(1)) }]
  })
  // A fixed path wins over one whose parts vary: /connections/kill is not a connection named kill.
  const candidates = fitting.sort((a, b) => Object.keys(a.parts).length - Object.keys(b.parts).length)
  const asked = method === 'HEAD' ? 'GET' : method
  const route = candidates.find(({ operation }) => operation.method === asked)
  if (route !== undefined) return route
  if (candidates.length === 0) throw new ProblemError(404, `there is nothing at ${path.slice(0, 100)}`)
  throw wrongMethod(
    method,
    candidates.map(({ operation }) => operation.method),
  )
}

export function wrongMethod(method: string, allowed: readonly string[]): ProblemError {
  const allow = [...new Set(allowed.flatMap((each) => (each === 'GET' ? ['GET', 'HEAD'] : [each])))].join(
    ', ',
  )
  return new ProblemError(405, `the method ${method} is not supported: use ${allow}`, { headers: { allow } })
}

function partsOf(names: readonly string[], values: readonly string[]): Record<string, string> {
  try {
    return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(values[index]!)]))
  } catch {
    throw new ProblemError(400, 'the percent-encoding of the path is invalid')
  }
}
