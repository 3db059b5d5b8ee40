/**
 * The files of the status page, by the path they are asked for: a fixed list, each read when it is first asked for.
 */
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'

export interface Asset {
  readonly type: string
  readonly bytes: Buffer
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

const PAGE = new URL('../../page/', import.meta.url)
const ofPage = (name: string): URL => new URL(name, PAGE)
const ofCharts = (name: string): URL => new URL(import.meta.resolve(`uplot/dist/${name}`))

const FILES: ReadonlyMap<string, () => URL> = new Map([
  ['/', () => ofPage('index.html')],
  ...['page.css', 'page.js'].map((name) => [`/assets/${name}`, () => ofPage(name)] as const),
  ...['uPlot.esm.js', 'uPlot.min.css'].map((name) => [`/assets/${name}`, () => ofCharts(name)] as const),
])

export class Assets {
  readonly #read = new Map<string, Asset>()

  /** Undefined where there is none of that name. */
  find(path: string): Asset | undefined {
    const known = this.#read.get(path)
    const locate = FILES.get(path)
    if (known !== undefined || locate === undefined) return known
    const url = locate()
    const asset = { type: TYPES[extname(url.pathname)]!, bytes: readFileSync(url) }
    this.#read.set(path, asset)
    return asset
  }
}
