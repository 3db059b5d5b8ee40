/**
 * Any input → a frozen Config, or every finding against it. It knows nothing about files and positions.
 */
import type * as z from 'zod'
import { invalidConfig } from '../errors.js'
import { mostOpenFds } from '../io/kernel/native.js'
import { whyNotSet } from '../io/kernel/socket-probe.js'
import { checkCertificateDates, checkCertificates } from './checks/certificates.js'
import { checkFds } from './checks/fd-references.js'
import { checkListFiles } from './checks/list-files.js'
import { type Finding, formatPath, type Path } from './checks/path.js'
import { checkReferences } from './checks/references.js'
import { checkSockets } from './checks/socket-options.js'
import { valueAt } from './checks/unchecked.js'
import { withLists } from './lists.js'
import { type Config, configSchema } from './schema.js'

type Check = (input: unknown) => Finding[]

const CHECKS: readonly Check[] = [checkReferences, checkCertificates, checkListFiles]
/** Of a config that is about to be used on this machine. */
const CHECKS_BEFORE_USE: readonly Check[] = [
  ...CHECKS,
  (input) => checkFds(input, mostOpenFds()),
  (input) => checkSockets(input, whyNotSet),
]
/** Of a config that is only checked, perhaps on another machine. */
export const CHECKS_WITH_DATES: readonly Check[] = [...CHECKS, checkCertificateDates]

/** A config, or what is wrong with it: at least one finding. */
export type Verdict = { readonly config: Config } | { readonly findings: readonly Finding[] }

/**
 * Checks the config of a program, as `createProxy` takes it.
 *
 * @throws MillraceError `config-invalid` with every problem, at line 0 of `source`.
 */
export function validateConfig(input: unknown, source = 'config'): Config {
  const verdict = judge(input, [...CHECKS_BEFORE_USE, checkNoFiles])
  if ('config' in verdict) return verdict.config
  throw invalidConfig(
    verdict.findings.map(({ path, message }) => ({
      file: source,
      line: 0,
      column: 0,
      path: formatPath(path),
      message,
    })),
  )
}

/** Only a file can include others. */
function checkNoFiles(input: unknown): Finding[] {
  if (valueAt(input, 'include') === undefined) return []
  const message = 'works only in a config file: write the listeners and clusters here, or remove this key'
  return [{ path: ['include'], message, about: 'key' }]
}

export function judge(unlisted: unknown, checks = CHECKS_BEFORE_USE): Verdict {
  const input = withLists(unlisted)
  const result = configSchema.safeParse(input)
  const findings = [
    ...(result.error?.issues ?? []).flatMap((issue) => toFindings(issue, input)),
    ...checks.flatMap((check) => check(input)),
  ]
  return result.success && findings.length === 0 ? { config: deepFreeze(result.data) } : { findings }
}

function toFindings(issue: z.core.$ZodIssue, input: unknown): Finding[] {
  if (issue.code !== 'unrecognized_keys') {
    return [{ path: pathWithin(input, issue.path), message: issue.message, about: 'value' }]
  }
  const messages = issue.message.split('\n')
  return issue.keys.map((key, index) => ({
    path: [...issue.path, key],
    message: messages[index] ?? '',
    about: 'key',
  }))
}

/**
 * The path, up to where the input stops being maps and lists: the short form of a backend has no `.address`.
 */
function pathWithin(input: unknown, path: Path): Path {
  let value = input
  const end = path.findIndex((key) => {
    if (typeof value !== 'object' || value === null) return true
    value = Reflect.get(value, key)
    return false
  })
  return end === -1 ? path : path.slice(0, end)
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  for (const child of Object.values(value)) deepFreeze(child)
  return Object.freeze(value)
}
