/** `include` of nginx: the directive is replaced by what stands in its files. */
import type { Remarks } from '../remarks.js'
import { type Directive, parseNginx } from './parse.js'

/** Files that include files, so deep. */
const MOST_LEVELS = 10
/** Of all files together. More than any config has. */
const MOST_FILES = 10_000
const MOST_CHARS = 64 * 1024 ** 2

/** The texts of the files that a pattern of `include` names, one after the other. Throws if one cannot be read. */
export type ReadIncluded = (pattern: string) => Iterable<{ readonly file: string; readonly text: string }>

export class Includes {
  readonly #read: ReadIncluded
  readonly #remarks: Remarks
  #files = 0
  #chars = 0
  /** The limits of all files together were exceeded. No more files are read. */
  #isOver = false

  constructor(read: ReadIncluded, remarks: Remarks) {
    this.#read = read
    this.#remarks = remarks
  }

  /** These directives, and in the place of each `include` those of its files. */
  resolve(directives: readonly Directive[]): readonly Directive[] {
    return this.#resolve(directives, new Set())
  }

  /** `open`: the files in which these directives stand, because they include each other. */
  #resolve(directives: readonly Directive[], open: ReadonlySet<string>): readonly Directive[] {
    return directives.flatMap((directive) =>
      directive.words[0] === 'include'
        ? this.#contentOf(directive, new Set([...open, directive.file]))
        : [directive],
    )
  }

  #contentOf(directive: Directive, open: ReadonlySet<string>): readonly Directive[] {
    if (this.#isOver) return []
    if (open.size > MOST_LEVELS) {
      this.#remarks.leftOut(directive, `files include each other more than ${MOST_LEVELS} times`)
      return []
    }
    const content: (readonly Directive[])[] = []
    this.#count(directive, 0)
    try {
      for (const { file, text } of this.#read(directive.words[1] ?? '')) {
        this.#count(directive, text.length)
        if (open.has(file)) this.#remarks.leftOut(directive, `${file} includes itself`)
        else if (!this.#isOver) content.push(this.#resolve(parseNginx(text, file), open))
        if (this.#isOver) break
      }
    } catch (error) {
      this.#remarks.leftOut(directive, (error as Error).message)
    }
    return content.flat()
  }

  /** A directive counts as a file, too, because it may name none. */
  #count(directive: Directive, chars: number): void {
    this.#files++
    this.#chars += chars
    if (this.#isOver || (this.#files <= MOST_FILES && this.#chars <= MOST_CHARS)) return
    this.#isOver = true
    this.#remarks.leftOut(
      directive,
      `the config includes more than ${MOST_FILES} files, or more than ${MOST_CHARS / 1024 ** 2} MiB: all further ones are missing`,
    )
  }
}
