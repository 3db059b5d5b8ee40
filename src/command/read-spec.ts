/** Reads the value of `--spec`: YAML or JSON with the keys of a part of the config, with `${NAME}` filled in. */
import { text as readAll } from 'node:stream/consumers'
import type { Change } from '../config/changes/change.js'
import { isMap } from '../config/checks/unchecked.js'
import { STDIN } from '../config/text/read-file.js'
import { Tree } from '../config/text/tree.js'
import { parseYamlText } from '../config/text/yaml-text.js'
import { MillraceError } from '../errors.js'

/** The change with the keys of the spec. Those that other flags have given win. Rejects with `bad-argument`. */
export async function withSpec(change: Change, spec: string): Promise<Change> {
  const value = parseSpec(spec === STDIN ? await readAll(process.stdin) : spec)
  return 'spec' in change ? { ...change, spec: { ...value, ...Object(change.spec) } } : change
}

function parseSpec(text: string): Readonly<Record<string, unknown>> {
  const { root, complaints } = parseYamlText(text)
  const tree = root && new Tree(root, process.env)
  const [complaint] = [...complaints, ...(tree?.complaints ?? [])]
  if (complaint !== undefined) throw bad([complaint.path, complaint.message].filter(Boolean).join(': '))
  if (!isMap(tree?.value)) throw bad('expected a map, such as { weight: 2 }')
  return tree.value
}

const bad = (message: string): MillraceError => new MillraceError('bad-argument', `--spec: ${message}`)
