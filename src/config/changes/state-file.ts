/**
 * The file that keeps changes at run time over a restart. It is always written whole: a reader finds the old content or the new one.
 * A file that cannot be used is a problem to tell, and never stops a start.
 */
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { MillraceError } from '../../errors.js'
import { quote } from '../wording.js'
import type { KeptChange } from './change.js'
import { keptChanges } from './change-schema.js'

const VERSION = 1
/** Many times what the most changes need. A larger file is the wrong one. */
const MOST_BYTES = 64 * 1024 ** 2
/** Specs can have passwords. */
const MODE = 0o600

/** New content that is on disk, beside the file. */
export interface PreparedState {
  /** It takes the place of the file. @throws MillraceError `state-failed` */
  commit(): void
  abandon(): void
}

export class StateFile {
  /** What the file had at the start. Empty if it was not there, or cannot be used. */
  readonly changes: readonly KeptChange[]
  /** Why the file cannot be used. Undefined: it can, or there is none yet. */
  readonly problem: string | undefined
  readonly #path: string
  /** The file could not be read, or not be put aside. Nothing may replace it while it is there. */
  readonly #isUntouchable: boolean = false

  constructor(path: string) {
    this.#path = path
    const content = readState(path)
    this.changes = 'changes' in content ? content.changes : []
    if (!('problem' in content)) return
    const aside = content.isDamaged ? this.#putAside() : undefined
    const kept = aside === undefined ? '' : `, and keeps it as ${quote(aside)}`
    this.problem = `${content.problem}. millrace starts without the changes in it${kept}`
    this.#isUntouchable = aside === undefined
  }

  /** @throws MillraceError `state-failed` */
  prepare(changes: readonly KeptChange[]): PreparedState {
    const aside = `${this.#path}.new`
    if (this.#mustStay) throw this.#failed('it could not be used at the start', 'the change is refused')
    try {
      write(aside, `${JSON.stringify({ version: VERSION, changes }, undefined, 1)}\n`)
    } catch (error) {
      throw this.#failed(codeOf(error), 'the change is refused', error)
    }
    return { commit: () => this.#commit(aside), abandon: () => rmSync(aside, { force: true }) }
  }

  #commit(aside: string): void {
    try {
      renameSync(aside, this.#path)
      syncFolder(dirname(this.#path))
    } catch (error) {
      throw this.#failed(codeOf(error), 'the change holds until a restart', error)
    }
  }

  get #mustStay(): boolean {
    if (!this.#isUntouchable) return false
    try {
      return lstatSync(this.#path, { throwIfNoEntry: false }) !== undefined
    } catch {
      return true
    }
  }

  /** The next change would replace it. Undefined: that failed. */
  #putAside(): string | undefined {
    const aside = `${this.#path}.broken`
    try {
      renameSync(this.#path, aside)
      return aside
    } catch {
      return undefined
    }
  }

  #failed(why: string, follows: string, cause?: unknown): MillraceError {
    const message = `cannot write the state file ${quote(this.#path)}: ${why}: ${follows}`
    return new MillraceError('state-failed', message, { cause })
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)

/** What a start would say about the file, and whether it could be written. Undefined: nothing is wrong. */
export function stateProblem(path: string): string | undefined {
  const content = readState(path)
  if ('problem' in content) return content.problem
  try {
    accessSync(dirname(path), constants.W_OK)
    return undefined
  } catch (error) {
    return `millrace cannot write into its folder: ${(error as NodeJS.ErrnoException).code}`
  }
}

type Content =
  | { readonly changes: readonly KeptChange[] }
  /** `isDamaged`: it has been read, and is none of this version. */
  | { readonly problem: string; readonly isDamaged: boolean }

function readState(path: string): Content {
  const broken = (why: string, isDamaged = false): Content => ({
    problem: `the state file ${quote(path)} cannot be used: ${why}`,
    isDamaged,
  })
  try {
    const stats = statSync(path)
    // Opening a FIFO would wait for a writer.
    if (!stats.isFile()) return broken('it is not a regular file')
    if (stats.size > MOST_BYTES) return broken(`it has more than ${MOST_BYTES} bytes`)
    return (
      parse(readFileSync(path, 'utf8')) ?? broken('it is damaged, or of another version of millrace', true)
    )
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { changes: [] }
    return code === undefined ? broken('it is not JSON', true) : broken(code)
  }
}

/** Undefined: it is not what `prepare` writes. */
function parse(text: string): { readonly changes: readonly KeptChange[] } | undefined {
  const { version, changes } = Object(JSON.parse(text)) as { version?: unknown; changes?: unknown }
  const result = keptChanges.safeParse(changes)
  return version === VERSION && result.success ? { changes: result.data } : undefined
}

/** Whatever has this name, such as a symbolic link or a FIFO, is removed and not written to. */
function write(path: string, text: string): void {
  rmSync(path, { force: true })
  const fd = openSync(path, 'wx', MODE)
  try {
    writeFileSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** The new name is on disk only then. */
function syncFolder(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
