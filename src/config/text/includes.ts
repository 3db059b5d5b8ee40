/**
 * A config in several files. The main file includes others, which have only listeners and clusters. They become one value, which knows of
 * each listener and each cluster from which file it is.
 */
import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { MillraceError } from '../../errors.js'
import type { Finding, Path } from '../checks/path.js'
import { isMap, itemsOf, valueAt } from '../checks/unchecked.js'
import { withLists } from '../lists.js'
import { expected } from '../wording.js'
import type { Environment } from './environment.js'
import { filesAt, isPattern } from './file-pattern.js'
import { STDIN } from './read-file.js'
import { SourceFile } from './source-file.js'

/** Each is read at every reload. */
const MOST_FILES = 1000
const KEYS = ['listeners', 'clusters']

interface Origin {
  readonly file: SourceFile
  /** The path of the listener or cluster in its file. */
  readonly path: Path
}

export class ConfigFiles {
  readonly main: SourceFile
  /** All of them, the main file first. */
  readonly all: readonly SourceFile[]
  /** Of all files together. */
  readonly value: unknown
  readonly #origins: ReadonlyMap<string, Origin>

  /** @throws MillraceError `config-unreadable` if the main file cannot be read */
  constructor(path: string, environment: Environment) {
    this.main = SourceFile.read(path, environment)
    const included = this.main.isWhole ? readIncluded(path, this.main, environment) : []
    this.all = [this.main, ...included]
    const origins = new Map<string, Origin>()
    this.value = included.length === 0 ? this.main.value : merge(this.all, origins)
    this.#origins = origins
  }

  /** The same findings, each with the file that it is about and with its path there. */
  assign(findings: readonly Finding[]): ReadonlyMap<SourceFile, readonly Finding[]> {
    const assigned = this.all.map((file): [SourceFile, Finding[]] => [file, []])
    const byFile = new Map(assigned)
    for (const finding of findings) {
      const { file, path } = this.#place(finding.path)
      byFile.get(file)!.push({ ...finding, path, message: this.#message(finding) })
    }
    return byFile
  }

  /** In several files, a path alone does not say where something is. */
  #message({ message, first }: Finding): string {
    if (first === undefined || this.all.length === 1) return message
    const { file, path } = this.#place(first)
    return `${message} (${file.placeOf(path)})`
  }

  #place(path: Path): Origin {
    const [kind, key, ...rest] = path
    const origin = this.#origins.get(keyOf(kind, key))
    return origin === undefined
      ? { file: this.main, path }
      : { file: origin.file, path: [...origin.path, ...rest] }
  }
}

/** Only files that can be understood. What is wrong with the others is noted in the main file or in them. */
function readIncluded(mainPath: string, main: SourceFile, environment: Environment): SourceFile[] {
  const include = valueAt(main.value, 'include')
  const patterns: readonly unknown[] = Array.isArray(include) ? include : [include]
  const folder = mainPath === STDIN ? '.' : dirname(mainPath)
  const known = new Set(mainPath === STDIN ? [] : [realpathSync(mainPath)])
  let isOver = false
  return patterns.flatMap((pattern, index): SourceFile[] => {
    // The schema reports what is no path.
    if (typeof pattern !== 'string' || pattern === '') return []
    const path = Array.isArray(include) ? ['include', index] : ['include']
    const complain = (message: string): SourceFile[] => {
      main.add([{ path, message, about: 'value' }])
      return []
    }
    const paths = pathsOf(join(pattern.startsWith('/') ? '' : folder, pattern))
    if (typeof paths === 'string') return complain(paths)
    return paths.flatMap((each) => {
      if (isOver) return []
      isOver = known.size > MOST_FILES
      if (isOver) return complain(`there are more than ${MOST_FILES} files: include fewer`)
      return readOnce(each, known, environment, complain)
    })
  })
}

function readOnce(
  path: string,
  known: Set<string>,
  environment: Environment,
  complain: (message: string) => SourceFile[],
): SourceFile[] {
  try {
    const real = realpathSync(path)
    if (known.has(real))
      return complain(`${JSON.stringify(path)} is part of the config already: include it once`)
    known.add(real)
    const file = SourceFile.read(path, environment)
    file.add([...foreignKeys(file), ...wrongKinds(file)])
    return [file]
  } catch (error) {
    if (error instanceof MillraceError) return complain(error.message)
    return complain(`cannot read ${JSON.stringify(path)}: ${(error as NodeJS.ErrnoException).code}`)
  }
}

/** The file, or the files that a pattern means. A sentence: what is wrong. */
function pathsOf(pattern: string): string[] | string {
  const folder = dirname(pattern)
  if (isPattern(folder))
    return `${JSON.stringify(pattern)} has "*" or "?" in a folder: write them only in the name of the file`
  try {
    return filesAt(pattern)
  } catch (error) {
    return `cannot read the folder ${JSON.stringify(folder)}: ${(error as NodeJS.ErrnoException).code}`
  }
}

function foreignKeys({ value, isWhole }: SourceFile): Finding[] {
  if (!isWhole || value === null) return []
  if (!isMap(value))
    return [
      {
        path: [],
        message: 'expected a map with listeners or clusters: write one of the two keys',
        about: 'value',
      },
    ]
  return Object.keys(value)
    .filter((key) => !KEYS.includes(key))
    .map((key) => ({
      path: [key],
      message: `an included file has only "listeners" and "clusters": write this key in the main file`,
      about: 'key',
    }))
}

/** What is no list of listeners and no map of clusters. An empty value is none, and nothing of it is lost. */
function wrongKinds({ value, isWhole }: SourceFile): Finding[] {
  if (!isWhole) return []
  const [listeners, clusters] = KEYS.map((key) => valueAt(withLists(value), key) ?? undefined)
  const findings: Finding[] = []
  if (listeners !== undefined && !Array.isArray(listeners))
    findings.push({
      path: ['listeners'],
      message: expected('a list of listeners', listeners),
      about: 'value',
    })
  if (clusters !== undefined && !isMap(clusters))
    findings.push({ path: ['clusters'], message: expected('a map of clusters', clusters), about: 'value' })
  return findings
}

/** Keys of the main file, and the listeners and clusters of all files. Notes clusters that are in two files. */
function merge(files: readonly SourceFile[], origins: Map<string, Origin>): unknown {
  const [main] = files
  const listeners = files.flatMap((file) => {
    const own = valueAt(withLists(file.value), 'listeners')
    return itemsOf(own).map((value, index) => ({
      value,
      origin: { file, path: ['listeners', index] },
    }))
  })
  for (const [index, { origin }] of listeners.entries()) origins.set(keyOf('listeners', index), origin)
  const clusters: Record<string, unknown> = Object.create(null)
  for (const file of files) {
    const own = valueAt(file.value, 'clusters')
    for (const [name, value] of Object.entries(isMap(own) ? own : {})) {
      const path = ['clusters', name]
      const before = origins.get(keyOf(...path))
      if (before === undefined) {
        clusters[name] = value
        origins.set(keyOf(...path), { file, path })
      } else
        file.add([
          {
            path,
            message: `this cluster is already at ${before.file.placeOf(before.path)}: write another name`,
            about: 'key',
          },
        ])
    }
  }
  const merged = {
    ...(listeners.length > 0 && { listeners: listeners.map(({ value }) => value) }),
    ...(Object.keys(clusters).length > 0 && { clusters }),
  }
  // The schema sees no value of the main file that is replaced.
  main!.add(wrongKinds(main!).filter(({ path: [key] }) => Object.hasOwn(merged, key!)))
  return { ...(isMap(main!.value) ? main!.value : {}), ...merged }
}

const keyOf = (kind?: PropertyKey, key?: PropertyKey): string => JSON.stringify([kind, key])
