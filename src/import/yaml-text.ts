/** A draft → the text of a config file. What could not be imported stands above it, as comments. */
import { Document, isCollection, isMap, isScalar, isSeq, type Node, visit } from 'yaml'
import type { Draft } from './draft.js'
import { formatRemark, type Remark } from './remarks.js'

const LINE_WIDTH = 120
const LONGEST_IN_LINE = 100

export function yamlText(
  { general, listeners, clusters }: Draft,
  source: string,
  remarks: readonly Remark[],
): string {
  const config = { listeners, clusters: Object.fromEntries(clusters), ...general }
  return [
    `# Imported from ${JSON.stringify(source)}. Read the lines below: they say what is not here, or differs.`,
    ...remarks.map((remark) => `# ${formatRemark(remark)}`),
    '',
    inShortLines(new Document(config, { aliasDuplicateObjects: false })).toString({ lineWidth: LINE_WIDTH }),
  ].join('\n')
}

/** What fits on a line stands on a line, as people write it: backends, routes, and lists of names. */
function inShortLines(document: Document): Document {
  visit(document, {
    Collection: (_, node, path) => {
      const parent = path.at(-1)
      const mayBe = isSeq(node) || isSeq(parent)
      if (mayBe && isFlat(node) && JSON.stringify(node).length < LONGEST_IN_LINE) node.flow = true
    },
  })
  return document
}

/** Has no more than one level of lists or maps in it. */
function isFlat(node: Node, levels = 2): boolean {
  if (isScalar(node)) return true
  if (!isCollection(node) || levels === 0) return false
  const values = isMap(node) ? node.items.map(({ value }) => value as Node) : (node.items as Node[])
  return values.every((value) => isFlat(value, levels - 1))
}
