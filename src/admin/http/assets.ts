/**
 * The files of the status page, by the path they are asked for: the list is made once, and each is read when it is
 * first asked for. No path of anybody's is ever joined to anything.
 */
import { readdirSync, readFileSync } from 'node:fs'
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
/** Modules of ours that import nothing but each other: what the page and the command both do stands there once. */
const DIST = new URL('../../../dist/', import.meta.url)
const SHARED = ['escape.js', 'figures.js', 'words.js']
const CHARTS = ['uPlot.esm.js', 'uPlot.min.css']

export class Assets {
  readonly #files = listFiles()
  readonly #read = new Map<string, Asset>()

  /** Undefined where there is none of that name. */
  find(path: string): Asset | undefined {
    const known = this.#read.get(path)
    const url = this.#files.get(path)
    if (known !== undefined || url === undefined) return known
    const asset = { type: TYPES[extname(url.pathname)]!, bytes: readFileSync(url) }
    this.#read.set(path, asset)
    return asset
  }
}

function listFiles(): ReadonlyMap<string, URL> {
  const ours = readdirSync(PAGE).filter((name) => Object.hasOwn(TYPES, extname(name)))
  const files = new Map(ours.map((name) => [`/assets/${name}`, new URL(name, PAGE)]))
  for (const name of CHARTS) files.set(`/assets/${name}`, new URL(import.meta.resolve(`uplot/dist/${name}`)))
  for (const name of SHARED) files.set(`/assets/dist/${name}`, new URL(name, DIST))
  files.set('/', new URL('index.html', PAGE))
  return files
}
