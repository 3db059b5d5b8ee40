/**
 * What the tests read of a page: its links, its anchors as GitHub makes them, and its fenced blocks. Pure.
 *
 * A comment on the line before a block tells the tests what to do with it. Readers on GitHub do not see it:
 * - `<!-- test: skip, REASON -->`: the test does not run the block, and prints the reason.
 * - `<!-- test: file NAME -->`: the test saves the block under this name, as the page tells the reader.
 * - `<!-- test: until TEXT -->`: the command runs until it prints TEXT. Then the test sends SIGINT, as Ctrl-C does.
 */

export interface Block {
  /** `sh`, `console`, `yaml` … */
  readonly language: string
  readonly text: string
  /** The line of the opening fence, from 1 on. */
  readonly line: number
  /** The directive on the line before the block, without `test:`. */
  readonly directive: string | undefined
}

export interface Link {
  readonly target: string
  readonly line: number
}

/** A console block's command, and the lines that the page shows below it. */
export interface Shown {
  readonly command: string
  readonly output: readonly string[]
}

const FENCE = /^```(\w*)$/
const DIRECTIVE = /^<!-- test: (.*) -->$/
/** `[text](target)`, `<img src="picture">`, `<source srcset="picture">`. */
const LINK = /\]\(([^)\s]+)\)|\bsrc(?:set)?="([^"]+)"/g

export function blocksOf(page: string): Block[] {
  const lines = page.split('\n')
  const fences = lines.flatMap((line, index) => (FENCE.test(line) ? [index] : []))
  return fences.flatMap((begin, nth) => {
    if (nth % 2 === 1) return []
    const end = fences[nth + 1] ?? lines.length
    const language = FENCE.exec(lines[begin]!)![1]!
    const directive = DIRECTIVE.exec(lines[begin - 1] ?? '')?.[1]
    return [{ language, text: `${lines.slice(begin + 1, end).join('\n')}\n`, line: begin + 1, directive }]
  })
}

/** All links and pictures in order. Links inside blocks and inline code do not count. */
export function linksOf(page: string): Link[] {
  return proseLines(page).flatMap((text, index) =>
    [...text.replaceAll(/`[^`]*`/g, '').matchAll(LINK)].map(([, target, picture = '']) => ({
      target: target ?? picture,
      line: index + 1,
    })),
  )
}

/** The anchors of the headings, as GitHub makes them. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>()
  for (const line of proseLines(page)) {
    const heading = /^#{1,6} (.*)$/.exec(line)?.[1]
    if (heading === undefined) continue
    const slug = slugOf(heading)
    let anchor = slug
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`
    anchors.add(anchor)
  }
  return anchors
}

/** The first paragraph below the title, and below a motto in bold. */
export function openingOf(page: string): string {
  return /^# .*\n+(?:\*\*.*\*\*\n+)?([^\n].*(?:\n.+)*)/.exec(page)?.[1]?.replaceAll('\n', ' ') ?? ''
}

/** The commands of a `console` block. In a `sh` block every line is a command that shows nothing. */
export function commandsOf({ language, text }: Block): Shown[] {
  const lines = text.trimEnd().split('\n')
  if (language === 'sh') return lines.map((command) => ({ command, output: [] }))
  const begins = lines.flatMap((line, index) => (line.startsWith('$ ') ? [index] : []))
  return begins.map((begin, nth) => ({
    command: lines[begin]!.slice(2),
    output: lines.slice(begin + 1, begins[nth + 1]),
  }))
}

function slugOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-')
}

/** The lines of a page, with every line of a block empty. */
function proseLines(page: string): string[] {
  let isInBlock = false
  return page.split('\n').map((line) => {
    const isFence = line.startsWith('```')
    if (isFence) isInBlock = !isInBlock
    return isFence || isInBlock ? '' : line
  })
}
