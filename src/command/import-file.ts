/**
 * `millrace import`: reads the file of another proxy, prints the config or writes it to a file, and tells on stderr what is not in it.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { filesAt } from '../config/text/file-pattern.js'
import { MillraceError } from '../errors.js'
import { visible } from '../escape.js'
import { importConfig } from '../import/import.js'
import { formatRemark } from '../import/remarks.js'
import type { Source } from '../import/sources.js'

/** A larger file is the wrong one. */
const MOST_BYTES = 4 * 1024 ** 2

export interface ImportOrder {
  readonly file: string
  readonly from: Source | undefined
  readonly out: string | undefined
}

/** Returns the exit code. */
export function importFile({ file, from, out }: ImportOrder): 0 | 1 {
  const { yaml, remarks } = importConfig(readText(file), {
    file,
    from,
    read: (pattern) => readIncluded(pattern, file),
  })
  process.stderr.write(remarks.map((remark) => `${visible(formatRemark(remark))}\n`).join(''))
  if (yaml === undefined)
    return failed(`${file} has no listener that millrace can serve: nothing was written`)
  if (out === undefined) process.stdout.write(yaml)
  const problem = out === undefined ? undefined : writeText(out, yaml)
  return problem === undefined ? 0 : failed(problem)
}

function failed(message: string): 1 {
  process.stderr.write(`millrace: ${message}\n`)
  return 1
}

function readText(file: string): string {
  try {
    const stats = statSync(file)
    if (!stats.isFile()) throw new Error('it is not a regular file')
    if (stats.size > MOST_BYTES)
      throw new Error(`it has more than ${MOST_BYTES} bytes: is it the right file?`)
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new MillraceError(
      'config-unreadable',
      `cannot read ${JSON.stringify(file)}: ${(error as Error).message}`,
    )
  }
}

/** A path from the folder of the file. Its last part can have "*" and "?". Each file is read when it is asked for. */
function* readIncluded(pattern: string, file: string): Generator<{ file: string; text: string }> {
  for (const each of filesAt(resolve(dirname(file), pattern))) yield { file: each, text: readText(each) }
}

/** A file that is there stays as it is. Returns why nothing was written. Undefined: it was. */
function writeText(file: string, text: string): string | undefined {
  try {
    writeFileSync(file, text, { flag: 'wx' })
    return undefined
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'EEXIST' ? 'it is there already: remove it, or name another one' : message
    return `cannot write ${JSON.stringify(file)}: ${why}`
  }
}
