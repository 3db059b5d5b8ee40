/**
 * A config file → a frozen Config, or every problem with its line and column. The file is not trusted. It may
 * be too large, not a file, not text, or built to be expensive: each ends as a clear error after bounded
 * work.
 */
import { type Buffer, isUtf8 } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import { getSystemErrorMap } from 'node:util'
import { LineCounter } from 'yaml'
import { invalidConfig, MillraceError, type Problem } from '../errors.js'
import { type Finding, formatPath } from './checks/path.js'
import { withLists } from './lists.js'
import type { Config } from './schema.js'
import type { Environment } from './text/environment.js'
import { Tree } from './text/tree.js'
import { type Complaint, parseYamlText } from './text/yaml-text.js'
import { CHECKS_WITH_DATES, judge } from './validate.js'

/** Many times what any config needs. A larger file is the wrong one. */
const MOST_FILE_BYTES = 1024 ** 2

/**
 * The config in a YAML or JSON file, with `${NAME}` filled in from `environment`.
 *
 * @throws MillraceError `config-unreadable` if the file cannot be read or is larger than 1 MiB.
 * `config-invalid` with every problem, in the order of the file.
 */
export function loadConfigFile(path: string, environment: Environment): Config {
  return load(path, environment).config
}

/** The same, with the input that the config was made of. */
export function readConfigFile(path: string, environment: Environment): CheckedConfig {
  return load(path, environment)
}

/** A good config, and where its values stand in the file. */
export interface CheckedConfig {
  readonly config: Config
  /** Plain values, as the file has them. A value that stands for a list is a list here. */
  readonly input: unknown
  /** In the order of the file. */
  problemsOf(findings: readonly Finding[]): Problem[]
}

/** As `loadConfigFile`, but certificates that have expired are problems too. */
export function checkConfigFile(path: string, environment: Environment): CheckedConfig {
  return load(path, environment, CHECKS_WITH_DATES)
}

function load(path: string, environment: Environment, checks?: typeof CHECKS_WITH_DATES): CheckedConfig {
  const text = decode(readBytes(path), path)
  const result = readText(text, environment, checks)
  if ('complaints' in result) throw invalidConfig(toProblems(result.complaints, text, path))
  const { config, input, tree } = result
  return { config, input, problemsOf: (findings) => toProblems(located(findings, tree), text, path) }
}

type Reading =
  | { readonly config: Config; readonly input: unknown; readonly tree: Tree | undefined }
  | { readonly complaints: readonly Complaint[] }

function readText(text: string, environment: Environment, checks?: typeof CHECKS_WITH_DATES): Reading {
  const { root, complaints } = parseYamlText(text)
  const tree = root && new Tree(root, environment)
  const known = [...complaints, ...(tree?.complaints ?? [])]
  // After a syntax error the parser guesses part of the tree. What seems to be missing may only have been
  // skipped.
  if (complaints.length > 0 || tree?.isWhole === false) return { complaints: known }
  const input = withLists(tree?.value ?? null)
  const verdict = judge(input, checks)
  if (!('config' in verdict)) return { complaints: [...known, ...located(verdict.findings, tree)] }
  const { config } = verdict
  return known.length > 0 ? { complaints: known } : { config, input, tree }
}

function located(findings: readonly Finding[], tree: Tree | undefined): Complaint[] {
  return findings
    .filter(({ path }) => !tree?.isBroken(path))
    .map((finding) => ({
      offset: tree?.offsetOf(finding) ?? 0,
      path: formatPath(finding.path),
      message: finding.message,
    }))
}

/** In the order of the text. Columns count characters from 1. */
function toProblems(complaints: readonly Complaint[], text: string, file: string): Problem[] {
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1)
  return complaints
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ offset, path, message }) => {
      const { line, col } = lines.linePos(offset)
      return { file, line, column: col, path, message }
    })
}

/** Skips a byte order mark. Bytes that are not UTF-8 are a problem at the place where they begin. */
function decode(bytes: Buffer, path: string): string {
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '')
  if (isUtf8(bytes)) return text
  const complaint = {
    offset: text.indexOf('\uFFFD'),
    path: '',
    message: 'the file is not UTF-8 from here on: save it as UTF-8',
  }
  throw invalidConfig(toProblems([complaint], text, path))
}

function readBytes(path: string): Buffer {
  try {
    const stats = statSync(path)
    // Opening a FIFO would wait for a writer, and /dev/zero never ends.
    if (!stats.isFile())
      throw unreadable(path, stats.isDirectory() ? 'it is a directory' : 'it is not a regular file')
    if (stats.size > MOST_FILE_BYTES) throw tooLarge(path, stats.size)
    const bytes = readFileSync(path)
    // Files of the kernel, as in /proc, claim to have 0 bytes.
    if (bytes.length > MOST_FILE_BYTES) throw tooLarge(path, bytes.length)
    return bytes
  } catch (error) {
    throw error instanceof MillraceError ? error : unreadable(path, reasonOf(error), error)
  }
}

function tooLarge(path: string, bytes: number): MillraceError {
  return unreadable(
    path,
    `it has ${bytes} bytes, more than the limit of ${MOST_FILE_BYTES} (1 MiB). Is it the right file?`,
  )
}

function unreadable(path: string, reason: string, cause?: unknown): MillraceError {
  return new MillraceError('config-unreadable', `cannot read the config ${JSON.stringify(path)}: ${reason}`, {
    cause,
  })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { errno, message } = error as NodeJS.ErrnoException
  return getSystemErrorMap().get(errno ?? 0)?.[1] ?? message
}
