/** One file of a config: its text, its values, and what is wrong with it before anybody knows what the values mean. */
import { LineCounter } from 'yaml'
import type { Problem } from '../../errors.js'
import { type Finding, formatPath, type Path } from '../checks/path.js'
import type { Environment } from './environment.js'
import { fileName, readText } from './read-file.js'
import { Tree } from './tree.js'
import { type Complaint, parseYamlText } from './yaml-text.js'

export class SourceFile {
  readonly name: string
  /** As the file says it. Undefined: the file is empty or cannot be understood. */
  readonly value: unknown
  /** Whether its values can be judged. After a syntax error the parser guesses part of them. */
  readonly isWhole: boolean
  readonly #complaints: Complaint[]
  readonly #tree: Tree | undefined
  readonly #lines = new LineCounter()

  private constructor(path: string, text: string, tree: Tree | undefined, complaints: readonly Complaint[]) {
    this.name = fileName(path)
    this.#tree = tree
    this.value = tree?.value ?? null
    this.isWhole = complaints.length === 0 && tree?.isWhole !== false
    this.#complaints = [...complaints, ...(tree?.complaints ?? [])]
    this.#lines.addNewLine(0)
    for (const { index } of text.matchAll(/\n/g)) this.#lines.addNewLine(index + 1)
  }

  /** @throws MillraceError `config-unreadable` */
  static read(path: string, environment: Environment): SourceFile {
    const { text, brokenAt } = readText(path)
    if (brokenAt !== undefined) {
      const message = 'the file is not UTF-8 from here on: save it as UTF-8'
      return new SourceFile(path, text, undefined, [{ offset: brokenAt, path: '', message }])
    }
    const { root, complaints } = parseYamlText(text)
    return new SourceFile(path, text, root && new Tree(root, environment), complaints)
  }

  /** Adds what else is wrong. What only follows from a broken value is left out. */
  add(findings: readonly Finding[]): void {
    this.#complaints.push(...this.#located(findings))
  }

  /** Everything that is wrong, in the order of the text. */
  get problems(): Problem[] {
    return this.#toProblems(this.#complaints)
  }

  /** The same for these findings alone. */
  problemsOf(findings: readonly Finding[]): Problem[] {
    return this.#toProblems(this.#located(findings))
  }

  /** Where a value begins, as `file:line:column`. */
  placeOf(path: Path): string {
    const { line, column } = this.#positionOf(this.#tree?.offsetOf({ path, about: 'value' }) ?? 0)
    return `${this.name}:${line}:${column}`
  }

  #located(findings: readonly Finding[]): Complaint[] {
    return findings
      .filter(({ path }) => !this.#tree?.isBroken(path))
      .map((finding) => ({
        offset: this.#tree?.offsetOf(finding) ?? 0,
        path: formatPath(finding.path),
        message: finding.message,
      }))
  }

  #toProblems(complaints: readonly Complaint[]): Problem[] {
    return complaints
      .toSorted((a, b) => a.offset - b.offset)
      .map(({ offset, path, message }) => ({
        file: this.name,
        ...this.#positionOf(offset),
        path,
        message,
      }))
  }

  /** Columns count characters from 1. */
  #positionOf(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset)
    return { line, column: col }
  }
}
