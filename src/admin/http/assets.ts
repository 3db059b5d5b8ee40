/**
 * The files of the status page, by the path that callers ask for. The list is made once. Each file is read
 * when it is first asked for. A path of a caller's is never joined to a folder.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname, join } from 'node:path'
import { packageRoot } from '../../package-root.js'

export interface Asset {
  readonly type: string
  readonly bytes: Buffer
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Modules of ours that import only each other. They hold what the page and the command have in common. */
const SHARED = ['escape.js', 'figures.js', 'words.js']
const CHARTS = ['uPlot.esm.js', 'uPlot.min.css']

export class Assets {
  readonly #files = listFiles()
  readonly #read = new Map<string, Asset>()

  /** Undefined: no file has that path. */
  find(path: string): Asset | undefined {
    const known = this.#read.get(path)
    const file = this.#files.get(path)
    if (known !== undefined || file === undefined) return known
    const asset = { type: TYPES[extname(file)]!, bytes: readFileSync(file) }
    this.#read.set(path, asset)
    return asset
  }
}

/** Empty in a bundle of a program without the package beside it. */
function listFiles(): ReadonlyMap<string, string> {
  const root = packageRoot()
  if (root === undefined) return new Map()
  const { resolve } = createRequire(join(root, 'package.json'))
  const ours = readdirSync(join(root, 'page')).filter((name) => Object.hasOwn(TYPES, extname(name)))
  const files = new Map(ours.map((name) => [`/assets/${name}`, join(root, 'page', name)]))
  for (const name of CHARTS) files.set(`/assets/${name}`, resolve(`uplot/dist/${name}`))
  for (const name of SHARED) files.set(`/assets/dist/${name}`, join(root, 'dist', name))
  files.set('/', join(root, 'page/index.html'))
  return files
}
