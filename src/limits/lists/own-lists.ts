/**
 * Lists that this process reads from files. It reads them again when they change. If a changed file cannot be used, the old list
 * stays, and the file is read again only after its next change.
 */
import { formatProblem, invalidConfig, type Problem } from '../../errors.js'
import { identityOf, WatchedFiles } from '../../watched-files.js'
import { build } from './build.js'
import { createBuilder } from './builders.js'
import type { ConfigLists, KeptList, ListStatus, Loaded } from './config-lists.js'
import type { ListFile } from './content.js'
import type { Lists } from './lists.js'
import { readListFile } from './read-file.js'

export interface ListHooks {
  /** The list is in use. `isAgain`: because its file has changed. */
  loaded(list: KeptList, isAgain: boolean): void
  /** The file has changed and cannot be used. At least one problem. */
  failed(file: ListFile, problems: readonly Problem[]): void
}

interface Present {
  readonly lists: ConfigLists
  readonly watch: WatchedFiles
}

export class OwnLists implements Lists {
  readonly #hooks: ListHooks
  readonly #keepsBytes: boolean
  /** The identity of each file when it was last read, good or bad. */
  readonly #identities = new WeakMap<KeptList, string>()
  #present: Present | undefined
  /** Files are read one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  /** `keepsBytes`: what is loaded has its bytes. */
  constructor(hooks: ListHooks, keepsBytes = false) {
    this.#hooks = hooks
    this.#keepsBytes = keepsBytes
  }

  load(lists: ConfigLists): Promise<void> {
    return this.#inTurn(async () => {
      const problems: Problem[] = []
      for (const list of lists.all) problems.push(...(await this.#load(list, lists)))
      if (problems.length > 0) throw invalidConfig(problems)
    })
  }

  takeUp(lists: ConfigLists): void {
    lists.replace(this.#present?.lists)
    this.stop()
    const paths = [...new Set(lists.all.map(({ file }) => file.path))]
    const watch = new WatchedFiles(paths, () => this.#look(lists))
    this.#present = { lists, watch }
    for (const list of lists.all) this.#hooks.loaded(list, false)
    watch.start()
    // A file may have changed between its reading and this moment.
    this.#look(lists)
  }

  status(): readonly ListStatus[] {
    return this.#present?.lists.all.map((list) => list.status()) ?? []
  }

  stop(): void {
    this.#present?.watch.stop()
    this.#present = undefined
  }

  /** Reads the files again that have changed. */
  #look(lists: ConfigLists): void {
    for (const list of lists.all) {
      if (this.#isAsRead(list)) continue
      void this.#inTurn(async () => {
        if (this.#present?.lists === lists && !this.#isAsRead(list)) await this.#loadAgain(list, lists)
      })
    }
  }

  async #loadAgain(list: KeptList, lists: ConfigLists): Promise<void> {
    const problems = await this.#load(list, lists)
    const [first] = problems
    if (this.#present?.lists !== lists) return
    if (first === undefined) this.#hooks.loaded(list, true)
    else {
      list.error = formatProblem(first)
      this.#hooks.failed(list.file, problems)
    }
  }

  /** Returns what is wrong with the file. None: the list is in use. */
  async #load(list: KeptList, lists: ConfigLists): Promise<Problem[]> {
    const { kind, path } = list.file
    const read = await readListFile(path)
    this.#identities.set(list, read.identity)
    if ('message' in read) return [unreadable(path, read.message)]
    const builder = createBuilder(kind, lists.clustersFor(list.file))
    const problems = await build(path, read.bytes, builder)
    if (problems.length === 0) list.use(this.#loaded(builder, read.bytes))
    return problems
  }

  #loaded({ content, entries }: Pick<Loaded, 'content' | 'entries'>, bytes: Buffer): Loaded {
    const loadedAt = new Date().toISOString()
    return { content, entries, loadedAt, bytes: this.#keepsBytes ? bytes : undefined }
  }

  #isAsRead(list: KeptList): boolean {
    return this.#identities.get(list) === identityOf(list.file.path)
  }

  #inTurn<Value>(task: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(task)
    this.#turn = done.catch(() => {})
    return done
  }
}

function unreadable(file: string, why: string): Problem {
  const message = `cannot read the file: ${why}. Write the path of a file that millrace can read`
  return { file, line: 0, column: 0, path: '', message }
}
