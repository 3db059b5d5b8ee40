/**
 * The lists of one config: each file once, with what it says now. Whoever decides by a list reads its `content` each time, because
 * the file can change.
 */
import { AddressSet } from '../../address-set.js'
import type { Told } from '../../status/fields.js'
import type { LIST } from '../../status/list.js'
import type { Contents, ListFile, ListKind } from './content.js'
import type { Clusters } from './name-lines.js'
import { NameMap } from './name-map.js'
import { clustersFor, filesOf, type Needs } from './needs.js'

/** What is known of a list, for people. */
export type ListStatus = Told<typeof LIST>

const NEVER = new Date(0).toISOString()

export const keyOf = ({ kind, path }: ListFile): string => `${kind} ${path}`

/** What a file said when it was last good. */
export interface Loaded<Kind extends ListKind = ListKind> {
  readonly content: Contents[Kind]
  readonly entries: number
  /** In ISO 8601. */
  readonly loadedAt: string
  /** Of the file. Undefined: nobody needs them again. */
  readonly bytes: Buffer | undefined
}

export class KeptList<Kind extends ListKind = ListKind> {
  readonly file: ListFile<Kind>
  /** Why the file of now cannot be used. Undefined: it is in use. */
  error: string | undefined
  #inUse: { loaded: Loaded<Kind> }

  constructor(file: ListFile<Kind>) {
    this.file = file
    const content = emptyContent(file.kind)
    this.#inUse = { loaded: { content, entries: 0, loadedAt: NEVER, bytes: undefined } }
  }

  get loaded(): Loaded<Kind> {
    return this.#inUse.loaded
  }

  get content(): Contents[Kind] {
    return this.#inUse.loaded.content
  }

  /** From now on the list is this. */
  use(loaded: Loaded<Kind>): void {
    this.#inUse.loaded = loaded
    this.error = undefined
  }

  /** From now on the list of the config before is this one, too. */
  replace(before: KeptList<Kind>): void {
    before.#inUse.loaded = this.loaded
    this.#inUse = before.#inUse
  }

  status(): ListStatus {
    const { error } = this
    const { entries, loadedAt } = this.loaded
    return {
      kind: this.file.kind,
      file: this.file.path,
      entries,
      loadedAt,
      isFailing: error !== undefined,
      error,
    }
  }
}

export class ConfigLists {
  readonly #config: Needs
  readonly #lists: ReadonlyMap<string, KeptList>

  /** They are empty until somebody loads them. */
  constructor(config: Needs) {
    this.#config = config
    this.#lists = new Map(filesOf(config).map((file) => [keyOf(file), new KeptList(file)]))
  }

  /** The config must name the file. */
  get<Kind extends ListKind>(file: ListFile<Kind>): KeptList<Kind> {
    const list = this.#lists.get(keyOf(file))
    if (list === undefined) throw new Error(`the config has no list ${file.path}`)
    return list as KeptList<ListKind> as KeptList<Kind>
  }

  find(key: string): KeptList | undefined {
    return this.#lists.get(key)
  }

  get all(): readonly KeptList[] {
    return [...this.#lists.values()]
  }

  /**
   * This config is used in place of that one. Connections from before keep their gate for as long as they last, so its lists of
   * addresses become these: otherwise each reload would keep one more copy. A map of that config stays, because it leads to the
   * clusters of that config.
   */
  replace(before: ConfigLists | undefined): void {
    for (const list of this.all) {
      const its = before?.find(keyOf(list.file))
      if (its !== undefined && list.file.kind === 'addresses') list.replace(its)
    }
  }

  /** Where a map may lead. Undefined: the file is no map. */
  clustersFor({ kind, path }: ListFile): Clusters | undefined {
    return kind === 'addresses' ? undefined : clustersFor(path, this.#config)
  }

  get isEmpty(): boolean {
    return this.#lists.size === 0
  }
}

function emptyContent<Kind extends ListKind>(kind: Kind): Contents[Kind] {
  const content = kind === 'addresses' ? new AddressSet() : new NameMap(kind === 'names')
  return content as Contents[Kind]
}
