/** Lines of an HAProxy config → sections. A proxy has the lines of its defaults first. Pure. */
import type { Line } from '../place.js'
import type { Remarks } from '../remarks.js'

export interface Section {
  readonly kind: string
  readonly name: string
  readonly header: Line
  /** Of a proxy: those of its defaults, then its own. */
  readonly lines: readonly Line[]
}

const KINDS: ReadonlySet<string> = new Set([
  'global',
  'defaults',
  'frontend',
  'backend',
  'listen',
  'peers',
  'resolvers',
  'mailers',
  'userlist',
  'program',
  'http-errors',
  'ring',
  'log-forward',
  'log-profile',
  'cache',
  'fcgi-app',
  'crt-store',
  'traces',
  'acme',
  'healthcheck',
])

export const PROXIES: ReadonlySet<string> = new Set(['frontend', 'backend', 'listen'])

/** Lines between `.if` and `.endif` are left out, because only HAProxy knows whether the condition holds. */
export function sectionsOf(lines: readonly Line[], remarks: Remarks): Section[] {
  const sections: { kind: string; name: string; header: Line; lines: Line[] }[] = []
  let depth = 0
  for (const line of lines) {
    const [word = '', name = ''] = line.words
    if (word === '.if') depth++
    const isConditional = depth > 0 || word.startsWith('.')
    if (word === '.endif') depth = Math.max(0, depth - 1)
    if (isConditional) remarks.leftOut(line, 'only HAProxy knows whether the condition holds')
    else if (KINDS.has(word)) sections.push({ kind: word, name, header: line, lines: [] })
    else if (sections.length === 0) remarks.leftOut(line, 'it stands before the first section')
    else sections.at(-1)!.lines.push(line)
  }
  return withDefaults(sections)
}

/** A proxy takes the defaults that it names (`from NAME`), or the last ones above it. */
function withDefaults(sections: readonly Section[]): Section[] {
  const named = new Map<string, readonly Line[]>()
  let last: readonly Line[] = []
  return sections.flatMap((section) => {
    const { kind, name, header, lines } = section
    const from = header.words.indexOf('from')
    const base = from === -1 ? undefined : named.get(header.words[from + 1] ?? '')
    if (kind === 'defaults') {
      last = [...(base ?? []), ...lines]
      named.set(name, last)
      return []
    }
    return PROXIES.has(kind) ? [{ ...section, lines: [...(base ?? last), ...lines] }] : [section]
  })
}
