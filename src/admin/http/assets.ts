/**
 * The files of the status page, by the path that callers ask for. The list is made once. Each file is read
 * when it is first asked for. A path of a caller's is never joined to a folder.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'

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

const PAGE = new URL('../../../page/', import.meta.url)
/** Modules of ours that import only each other. They hold what the page and the command have in common. */
const DIST = new URL('../../../dist/', import.meta.url)
const SHARED = ['escape.js', 'figures.js', 'words.js']
const CHARTS = ['uPlot.esm.js', 'uPlot.min.css']

export class Assets {
  readonly #files = listFiles()
  readonly #read = new Map<string, Asset>()

  /** Undefined: no file has that path. */
  find(path: string): Asset | undefined {
    const known = this.#read.get(path)
    const url = this.#files.get(path)
    if (known !== undefined || url === undefined) return known
    const asset = { type: TYPES[extname(url.pathname)]!, bytes: readFileSync(url) }
    this.#read.set(path, asset)
    return asset
  }
}

/** Empty in a bundle of a program, which has no files of the page. */
function listFiles(): ReadonlyMap<string, URL> {
  if (!existsSync(PAGE)) return new Map()
  const ours = readdirSync(PAGE).filter((name) => Object.hasOwn(TYPES, extname(name)))
  const files = new Map(ours.map((name) => [`/assets/${name}`, new URL(name, PAGE)]))
  for (const name of CHARTS) files.set(`/assets/${name}`, new URL(import.meta.resolve(`uplot/dist/${name}`)))
  for (const name of SHARED) files.set(`/assets/dist/${name}`, new URL(name, DIST))
  files.set('/', new URL('index.html', PAGE))
  return files
}
