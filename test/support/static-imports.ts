/** What Node loads of src/ and of packages when it loads a file: the static imports, read from the text. */
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** `import type` loads nothing. */
const STATIC = /(?:^|\n)\s*(?:import|export)\s+(?!type\b)(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/g
const COMMENT = /\/\*[\s\S]*?\*\/|(^|\s)\/\/.*/g

export interface Loaded {
  /** Paths from the root of the checkout. */
  readonly files: readonly string[]
  readonly packages: readonly string[]
}

/** `entries` are paths from the root of the checkout. */
export function loadedBy(...entries: readonly string[]): Loaded {
  const files = new Set(entries)
  const packages = new Set<string>()
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), 'utf8').replace(COMMENT, '$1')
    for (const [, name = ''] of text.matchAll(STATIC)) {
      if (name.startsWith('.')) files.add(posix.join(posix.dirname(file), name).replace(/\.js$/, '.ts'))
      else if (!name.startsWith('node:')) packages.add(name)
    }
  }
  return { files: [...files].sort(), packages: [...packages].sort() }
}
