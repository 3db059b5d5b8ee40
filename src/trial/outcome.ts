/** What became of the client of a test, and whether that is what its test expects. Pure. */
import type { Path } from '../config/checks/path.js'
import type { Expectation } from '../config/schemas/tests-schema.js'
import { quote } from '../config/wording.js'
import type { DecidedBy } from '../connection/opening/known-client.js'

export type Outcome =
  | { readonly kind: 'cluster'; readonly cluster: string; readonly by: DecidedBy | undefined }
  /** `cause`: that of its record. */
  | { readonly kind: 'rejected'; readonly cause: string; readonly by: DecidedBy | undefined }
  /** `where`: undefined at its listener, else the cluster. `why`: the log line of a limit. */
  | { readonly kind: 'waits'; readonly where: string | undefined; readonly why: string | undefined }
  /** Nothing more happens: it has not sent what its listener waits for, and nothing ends that. */
  | { readonly kind: 'undecided' }

/** Causes that name no rule by themselves. */
const BY_A_RULE = ['rejected', 'no-sni', 'bad-hello']

/** What is wrong. Undefined: it is as expected. `listener`: the path of the listener in the config. */
export function whyNot(
  expected: Expectation,
  outcome: Outcome,
  listener: Path,
  placeOf: (path: Path) => string,
): string | undefined {
  if (isAsExpected(expected, outcome)) return undefined
  const rule = ruleOf(outcome, listener)
  const because = rule === undefined ? '' : `. ${placeOf(rule)} decides this`
  return `expected that the client ${tellExpected(expected)}, but it ${tell(outcome)}${because}`
}

function isAsExpected(expected: Expectation, outcome: Outcome): boolean {
  if (expected.kind === 'cluster') return outcome.kind === 'cluster' && outcome.cluster === expected.cluster
  if (expected.kind === 'waits' || outcome.kind !== 'rejected') return expected.kind === outcome.kind
  return expected.cause === undefined || isOfCause(outcome.cause, expected.cause)
}

/** The text before the colon is enough, and so are the first words after it. */
const isOfCause = (cause: string, expected: string): boolean =>
  cause === expected || [':', ' '].some((end) => cause.startsWith(`${expected}${end}`))

function tellExpected(expected: Expectation): string {
  if (expected.kind === 'cluster') return `goes to cluster ${quote(expected.cluster)}`
  if (expected.kind === 'waits') return 'waits'
  return expected.cause === undefined ? 'is rejected' : `is rejected for ${quote(expected.cause)}`
}

function tell(outcome: Outcome): string {
  if (outcome.kind === 'cluster') return `goes to cluster ${quote(outcome.cluster)}`
  if (outcome.kind === 'rejected') return `is rejected for ${quote(outcome.cause)}`
  if (outcome.kind === 'undecided') return 'has not sent what its listener waits for'
  const { where, why } = outcome
  const place = where === undefined ? 'at its listener' : `in the queue of cluster ${quote(where)}`
  return `waits ${place}${why === undefined ? '' : ` (${why})`}`
}

function ruleOf(outcome: Outcome, listener: Path): Path | undefined {
  if (outcome.kind !== 'cluster' && outcome.kind !== 'rejected') return undefined
  const { by } = outcome
  if (by === undefined) return undefined
  if (outcome.kind === 'rejected' && !BY_A_RULE.some((cause) => isOfCause(outcome.cause, cause)))
    return undefined
  return typeof by === 'number' ? [...listener, 'routes', by] : [...listener, by]
}
