/**
 * Whether the files of lists and maps are there. What is in them is checked later, because it can be long, and must not block a
 * process that serves. Works on unchecked input, as `references.ts` does.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { quote } from '../wording.js'
import type { Finding, Path } from './path.js'
import { itemsOf, valueAt } from './unchecked.js'

interface Named {
  readonly file: string
  readonly path: Path
}

export function checkListFiles(input: unknown): Finding[] {
  return filesIn(input).flatMap(({ file, path }): Finding[] => {
    const why = whyUnreadable(file)
    if (why === undefined) return []
    const message = `cannot read the file ${quote(file)}: ${why}. Write the path of a file that millrace can read`
    return [{ path, message, about: 'value' }]
  })
}

function filesIn(input: unknown): Named[] {
  const listeners = itemsOf(valueAt(input, 'listeners'))
  return [
    ...accessIn(valueAt(input, 'limits'), ['limits']),
    ...listeners.flatMap((listener, index) => [
      ...accessIn(valueAt(listener, 'limits'), ['listeners', index, 'limits']),
      ...mapsIn(listener, ['listeners', index]),
    ]),
  ]
}

function accessIn(limits: unknown, path: Path): Named[] {
  return ['allow', 'deny'].flatMap((key) =>
    itemsOf(valueAt(limits, key)).flatMap((entry, index) => named(entry, [...path, key, index])),
  )
}

function mapsIn(listener: unknown, path: Path): Named[] {
  return itemsOf(valueAt(listener, 'routes')).flatMap((route, index) =>
    named(valueAt(route, 'map'), [...path, 'routes', index, 'map']),
  )
}

function named(map: unknown, path: Path): Named[] {
  const file = valueAt(map, 'file')
  return typeof file === 'string' && file !== '' ? [{ file, path: [...path, 'file'] }] : []
}

function whyUnreadable(file: string): string | undefined {
  try {
    // Opening a FIFO would wait for a writer.
    if (!statSync(file).isFile()) return 'it is not a regular file'
    accessSync(file, constants.R_OK)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}
