/** Files by a path whose last part may have "*" and "?", for included files. */
import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const WILD = /[*?]/

export const isPattern = (path: string): boolean => WILD.test(path)

/** The path itself, or the files that it means, in the order of their names. Hidden files are left out. Throws if the folder cannot be read. */
export function filesAt(pattern: string): string[] {
  const [folder, name] = [dirname(pattern), basename(pattern)]
  if (!isPattern(name)) return [pattern]
  const wanted = name
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const matches = new RegExp(`^${wanted}$`)
  const names = readdirSync(folder).filter((each) => matches.test(each) && !each.startsWith('.'))
  return names.sort().map((each) => join(folder, each))
}
