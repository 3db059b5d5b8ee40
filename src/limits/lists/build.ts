/**
 * The bytes of a file → its list, in slices. The file is not trusted: its lines and the entries are counted, and each bad line is
 * named, up to a bound.
 */
import type { Problem } from '../../errors.js'
import type { BadLine, Builder } from './content.js'
import { Slices } from './slices.js'

/** No name and no network is longer, with a note beside it. */
const MOST_LINE_BYTES = 4096
const MOST_PROBLEMS = 20
const NEWLINE = 10
const CARRIAGE_RETURN = '\r'
const BYTE_ORDER_MARK = /^\uFEFF/
/** The clock is read once for so many lines. */
const LINES_PER_LOOK = 32

/** Fills the builder, and returns what is wrong with the file. None: the list can be used. */
export async function build(file: string, bytes: Buffer, builder: Builder<unknown>): Promise<Problem[]> {
  const bad = new BadLines(file)
  const slices = new Slices()
  let line = 0
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, at)
    const end = newline === -1 ? bytes.length : newline
    line++
    bad.note(line, addLine(bytes, at, end, builder))
    if (builder.entries > builder.mostEntries) {
      const message = `the file may have at most ${builder.mostEntries} entries. Is it the right file?`
      bad.note(line, { column: 1, message })
      break
    }
    at = end + 1
    if (line % LINES_PER_LOOK === 0 && slices.isOver) await slices.next()
  }
  return bad.problems
}

function addLine(bytes: Buffer, from: number, to: number, builder: Builder<unknown>): BadLine | undefined {
  if (to - from > MOST_LINE_BYTES)
    return { column: 1, message: `the line has more than ${MOST_LINE_BYTES} bytes: write one entry a line` }
  const text = bytes.toString('utf8', from, to)
  const stray = text.trimEnd().indexOf(CARRIAGE_RETURN)
  // What is behind it would be a note or a comment, and nobody would see that it is not in the list.
  if (stray !== -1)
    return {
      column: stray + 1,
      message: 'a carriage return alone ends no line: save the file with line feeds',
    }
  return builder.add(from === 0 ? text.replace(BYTE_ORDER_MARK, '') : text)
}

class BadLines {
  readonly #file: string
  readonly #problems: Problem[] = []
  #more = 0

  constructor(file: string) {
    this.#file = file
  }

  get problems(): Problem[] {
    if (this.#more === 0) return this.#problems
    return [...this.#problems, this.#problem(0, { column: 0, message: `${this.#more} more lines are bad` })]
  }

  note(line: number, bad: BadLine | undefined): void {
    if (bad === undefined) return
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(this.#problem(line, bad))
    else this.#more++
  }

  #problem(line: number, { column, message }: BadLine): Problem {
    return { file: this.#file, line, column, path: '', message }
  }
}
