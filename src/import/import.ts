/**
 * `millrace import`: a config of HAProxy or nginx → the text of a config of ours, and what it left out. Pure: it opens no file, but
 * asks `read` for the files that the config includes.
 */
import { MillraceError } from '../errors.js'
import type { Draft } from './draft.js'
import { importHaproxy } from './haproxy/import.js'
import { importNginx } from './nginx/import.js'
import type { ReadIncluded } from './nginx/includes.js'
import { type Remark, Remarks } from './remarks.js'
import type { Source } from './sources.js'
import { yamlText } from './yaml-text.js'

export interface Imported {
  /** Undefined: nothing of it is for millrace. */
  readonly yaml: string | undefined
  readonly remarks: readonly Remark[]
}

export interface ImportOptions {
  readonly file: string
  /** Undefined: the text decides. */
  readonly from: Source | undefined
  /** Reads files that the config includes. */
  readonly read: ReadIncluded
}

/** Throws `config-invalid` if the text is none of these. */
export function importConfig(text: string, { file, from, read }: ImportOptions): Imported {
  const remarks = new Remarks()
  const source = from ?? guess(text)
  if (source === undefined)
    throw new MillraceError('bad-argument', `${file} looks neither like HAProxy nor like nginx: say --from`)
  const draft: Draft =
    source === 'haproxy' ? importHaproxy(text, file, remarks) : importNginx(text, file, read, remarks)
  const isEmpty = draft.listeners.length === 0 || draft.clusters.size === 0
  return { yaml: isEmpty ? undefined : yamlText(draft, file, remarks.list), remarks: remarks.list }
}

/** HAProxy has lines that are sections, and nginx has blocks in braces. */
function guess(text: string): Source | undefined {
  const code = text.replaceAll(/#.*/g, '')
  if (/^\s*(global|defaults|frontend|backend|listen)\b[^{;]*$/m.test(code)) return 'haproxy'
  return /\{[^}]*;/s.test(code) ? 'nginx' : undefined
}
