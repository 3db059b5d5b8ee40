/** What an import tells about lines of the other config: those that it left out, and those that differ here. */
import { visible } from '../escape.js'
import { type Line, textOf } from './place.js'

export interface Remark {
  readonly file: string
  readonly line: number
  readonly text: string
  readonly why: string
}

/** A line in a message is cut after so many characters. */
const LONGEST_TEXT_CHARS = 100

export class Remarks {
  readonly #list = new Map<string, Remark>()

  /** The line has no counterpart, or none that this import can write. */
  leftOut(line: Line, why: string): void {
    this.#add(line, `not imported: ${why}`)
  }

  /** The line was imported, but something differs. */
  differs(line: Line, why: string): void {
    this.#add(line, why)
  }

  /** In the order of the file, each once. */
  get list(): readonly Remark[] {
    return [...this.#list.values()].sort((a, b) => a.line - b.line)
  }

  /** Whatever the file has, it ends no comment of the config. */
  #add(line: Line, told: string): void {
    const why = visible(told)
    const text = visible(textOf(line))
    const shown = text.length > LONGEST_TEXT_CHARS ? `${text.slice(0, LONGEST_TEXT_CHARS)}…` : text
    this.#list.set(`${line.file} ${line.line} ${text} ${why}`, {
      file: line.file,
      line: line.line,
      text: shown,
      why,
    })
  }
}

/** `file:line: text: why` */
export const formatRemark = ({ file, line, text, why }: Remark): string => `${file}:${line}: ${text}: ${why}`
