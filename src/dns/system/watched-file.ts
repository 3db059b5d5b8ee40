/**
 * A small file of the system, read again when it has changed. Each look costs one stat(2). A file that is missing, cannot be
 * read, is no regular file or is too large counts as missing.
 */
import { readFileSync, statSync } from 'node:fs'

const LARGEST_BYTES = 4n * 1024n * 1024n
/** Clocks of file systems are coarse: two changes so close to each other may have the same time. */
const YOUNG_MS = 100n

export class WatchedFile<Content> {
  readonly #path: string
  readonly #parse: (text: string | undefined) => Content
  #version: string | undefined
  #content: Content

  /** `parse` gets undefined if the file is missing. */
  constructor(path: string, parse: (text: string | undefined) => Content) {
    this.#path = path
    this.#parse = parse
    this.#content = parse(undefined)
  }

  /** What the file says now. */
  get content(): Content {
    const version = versionOf(this.#path)
    if (version !== this.#version) {
      this.#version = version
      this.#content = this.#parse(version === undefined ? undefined : textOf(this.#path))
    }
    return this.#content
  }
}

/**
 * Changes with the file, and with each look at a young one. Editors replace a file by another one, and Docker writes into
 * the same one. Undefined: the file is missing.
 */
function versionOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile() || stat.size > LARGEST_BYTES) return undefined
  const isYoung = BigInt(Date.now()) - stat.mtimeMs < YOUNG_MS
  return [isYoung ? performance.now() : '', stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join()
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
