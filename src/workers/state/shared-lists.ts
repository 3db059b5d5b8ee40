/**
 * What the files of lists and maps say, for all workers and for those that come later. The supervisor reads and watches them. So
 * all workers decide alike, and a bad file is reported once.
 */
import type { Config } from '../../config/schema.js'
import {
  ConfigLists,
  type KeptList,
  keyOf,
  type ListStatus,
  type Loaded,
} from '../../limits/lists/config-lists.js'
import { OwnLists } from '../../limits/lists/own-lists.js'
import { partsOf } from '../../limits/lists/told-lists.js'
import { announceLists } from '../../observe/log/announcements.js'
import type { Log } from '../../observe/log/log.js'
import type { WorkerChannel } from '../slots/worker-channel.js'

export class SharedLists {
  readonly #workers: () => readonly WorkerChannel[]
  readonly #own: OwnLists
  /** What each worker was told last, by file. */
  readonly #given = new WeakMap<WorkerChannel, Map<string, Loaded>>()
  #present: ConfigLists | undefined

  /** `workers`: all that were given a config. */
  constructor(log: Log, workers: () => readonly WorkerChannel[]) {
    const announced = announceLists(log)
    this.#workers = workers
    const loaded = (list: KeptList, isAgain: boolean): void => {
      announced.loaded(list, isAgain)
      if (isAgain) for (const worker of this.#workers()) this.#give(worker, list, true)
    }
    this.#own = new OwnLists({ ...announced, loaded }, true)
  }

  /** Reads the files of the first config, before any worker runs. Rejects with `config-invalid` if one cannot be used. */
  async begin(config: Config): Promise<void> {
    this.takeUp(await this.read(config))
  }

  /** Reads the files of a config. Rejects with `config-invalid` if one cannot be used. */
  async read(config: Config): Promise<ConfigLists> {
    const lists = new ConfigLists(config)
    if (!lists.isEmpty) await this.#own.load(lists)
    return lists
  }

  /** From now on these lists follow their files. */
  takeUp(lists: ConfigLists): void {
    this.#present = lists
    this.#own.takeUp(lists)
  }

  /** Tells a worker what it has to know before it uses the config. Default: the present one. */
  give(worker: WorkerChannel, lists = this.#present): void {
    for (const list of lists?.all ?? []) this.#give(worker, list, false)
  }

  status(): readonly ListStatus[] {
    return this.#own.status()
  }

  stop(): void {
    this.#own.stop()
  }

  #give(worker: WorkerChannel, { file, loaded }: KeptList, isInUse: boolean): void {
    const given = this.#given.get(worker) ?? new Map<string, Loaded>()
    this.#given.set(worker, given)
    if (given.get(keyOf(file)) === loaded) return
    given.set(keyOf(file), loaded)
    for (const part of partsOf(file, loaded, isInUse)) worker.send({ kind: 'list', part })
  }
}
