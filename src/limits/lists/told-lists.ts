/**
 * Lists of a worker. Its supervisor reads the files and tells what is in them, in parts, so that no process is blocked by a long
 * one. What it told is good.
 */
import { build } from './build.js'
import { createBuilder } from './builders.js'
import { type ConfigLists, keyOf, type Loaded } from './config-lists.js'
import type { ListFile } from './content.js'
import type { Lists } from './lists.js'

/** A part of a file. Plain data, because it passes between processes. */
export interface ToldPart {
  readonly file: ListFile
  /** When the supervisor read it. */
  readonly loadedAt: string
  /** The bytes, each as one character. */
  readonly part: string
  readonly isLast: boolean
  /** The lists in use change. False: only the lists of a config that comes next. */
  readonly isInUse: boolean
}

/** Long enough that a list needs few messages, and short enough that one takes less than 1 ms. */
const PART_BYTES = 64 * 1024
const ONE_BYTE_A_CHARACTER = 'latin1'

/** The parts of a file, at least one. */
export function* partsOf(file: ListFile, { bytes, loadedAt }: Loaded, isInUse: boolean): Iterable<ToldPart> {
  const all = bytes ?? Buffer.alloc(0)
  let from = 0
  do {
    const to = from + PART_BYTES
    const part = all.toString(ONE_BYTE_A_CHARACTER, from, to)
    yield { file, loadedAt, part, isLast: to >= all.length, isInUse }
    from = to
  } while (from < all.length)
}

export class ToldLists implements Lists {
  /** By file: the parts that have come. */
  readonly #parts = new Map<string, Buffer[]>()
  /** By file: what was told last. It may still be read. */
  readonly #told = new Map<string, Promise<Loaded>>()
  #present: ConfigLists | undefined

  hear({ file, loadedAt, part, isLast, isInUse }: ToldPart): void {
    const key = keyOf(file)
    const parts = this.#parts.get(key) ?? []
    this.#parts.set(key, parts)
    parts.push(Buffer.from(part, ONE_BYTE_A_CHARACTER))
    if (!isLast) return
    this.#parts.delete(key)
    const read = readAll(file, loadedAt, Buffer.concat(parts))
    this.#told.set(key, read)
    if (isInUse) void this.#use(key, read)
  }

  /** The supervisor has told what these files say, or is doing so. */
  async load(lists: ConfigLists): Promise<void> {
    for (const list of lists.all) {
      const told = this.#told.get(keyOf(list.file))
      if (told === undefined) throw new Error(`nobody has told what is in ${list.file.path}`)
      list.use(await told)
    }
  }

  takeUp(lists: ConfigLists): void {
    lists.replace(this.#present)
    this.#present = lists
    for (const [key, read] of this.#told) {
      if (lists.find(key) === undefined) this.#told.delete(key)
      // The supervisor may have told another version between the loading and this moment.
      else void this.#use(key, read)
    }
  }

  /** The supervisor tells. */
  status(): readonly [] {
    return []
  }

  stop(): void {
    this.#present = undefined
  }

  /** If the next version of the file has come meanwhile, that one is used. */
  async #use(key: string, read: Promise<Loaded>): Promise<void> {
    const loaded = await read
    if (this.#told.get(key) === read) this.#present?.find(key)?.use(loaded)
  }
}

async function readAll(file: ListFile, loadedAt: string, bytes: Buffer): Promise<Loaded> {
  const builder = createBuilder(file.kind, undefined)
  await build(file.path, bytes, builder)
  return { content: builder.content, entries: builder.entries, loadedAt, bytes: undefined }
}
