/**
 * What an import does with the directives of another proxy, as a table. docs/coming-from.md has the same directives for people, and
 * a test compares the two.
 */
import type { Line } from './place.js'
import type { Remarks } from './remarks.js'

/** A directive in use. */
export interface Call<Into> {
  readonly line: Line
  /** The words behind the name of the directive. */
  readonly args: readonly string[]
  readonly into: Into
  readonly remarks: Remarks
}

export interface Directive<Into> {
  /** The key of our config that it becomes, or that does the same. Undefined: there is none. */
  readonly becomes?: string
  /** Undefined: it is left out. */
  readonly read?: (call: Call<Into>) => void
  /** Why it is left out. Undefined: nothing has to be done, because millrace does it anyway. */
  readonly why?: string
}

export type DirectiveTable<Into> = Readonly<Record<string, Directive<Into>>>

/** A name that ends with a star stands for all names with this beginning. */
const MOST_NAME_WORDS = 3

/** The directive, and how many words its name has. The longest name wins. */
export function findDirective<Into>(
  table: DirectiveTable<Into>,
  words: readonly string[],
): { readonly directive: Directive<Into>; readonly names: number } | undefined {
  for (let names = Math.min(MOST_NAME_WORDS, words.length); names > 0; names--) {
    const name = words.slice(0, names).join(' ')
    if (Object.hasOwn(table, name)) return { directive: table[name]!, names }
  }
  const text = `${words.slice(0, MOST_NAME_WORDS).join(' ')} `
  const [star] = Object.keys(table)
    .filter((name) => name.endsWith('*') && text.startsWith(name.slice(0, -1)))
    .sort((a, b) => b.length - a.length)
  return star === undefined ? undefined : { directive: table[star]!, names: 1 }
}

/** Reads one line by the table. */
export function applyDirective<Into>(
  table: DirectiveTable<Into>,
  line: Line,
  into: Into,
  remarks: Remarks,
): void {
  const found = findDirective(table, line.words)
  if (found === undefined) {
    remarks.leftOut(line, 'millrace has nothing like it')
    return
  }
  const { directive, names } = found
  if (directive.read !== undefined) directive.read({ line, args: line.words.slice(names), into, remarks })
  else if (directive.why !== undefined) remarks.leftOut(line, directive.why)
}
