/** Where the package of this file is installed. Its addon and the files of the status page are there. */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/**
 * Asks Node for the package, because this file may be in the bundle of a program. Undefined: the package is neither beside the
 * bundle nor above it.
 */
export function packageRoot(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve('millrace/package.json'))
  } catch {
    return undefined
  }
}
