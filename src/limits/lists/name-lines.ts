/** The lines of a map from names to clusters: `a.example.com shop`, `*.example.com apps`, `b.example.com reject`. Pure. */
import { explainNamePattern, explainPostgresName, normalizePattern } from '../../names.js'
import type { BadLine, Builder } from './content.js'
import { NameMap } from './name-map.js'
import { quoted, wordsOf } from './words.js'

/** Stands in place of a cluster: the client is turned away. */
const REJECT = 'reject'
/** By their names, with the reason why a map cannot lead there. Undefined: it can. */
export type Clusters = ReadonlyMap<string, string | undefined>

/** A file that is not UTF-8 is read as this. */
const NOT_UTF8 = '\uFFFD'

/** A larger map would block the process for some ms each time that it grows. */
export const MOST_NAMES = 100_000

export class NameLines implements Builder<NameMap> {
  readonly content: NameMap
  entries = 0
  readonly mostEntries = MOST_NAMES
  readonly #clusters: Clusters | undefined
  readonly #isPostgres: boolean

  /** `clusters` undefined: nobody asks whether they exist. */
  constructor(kind: 'names' | 'postgres-names', clusters: Clusters | undefined) {
    this.#isPostgres = kind === 'postgres-names'
    this.content = new NameMap(!this.#isPostgres)
    this.#clusters = clusters
  }

  add(line: string): BadLine | undefined {
    const [name, cluster, more] = wordsOf(line, 3)
    if (name === undefined) return undefined
    if (cluster === undefined)
      return bad(
        line.trimEnd().length + 1,
        'the cluster is missing: write the name, a space, and the name of a cluster',
      )
    if (more !== undefined)
      return bad(
        more.column,
        `expected nothing after the cluster, found ${quoted(more.text)}: write "#" before a note`,
      )
    const key = this.#keyOf(name.text)
    if (key === undefined) return bad(name.column, `${quoted(name.text)}: ${this.#explain(name.text)}`)
    const why = this.#whyNot(cluster.text)
    if (why !== undefined) return bad(cluster.column, why)
    if (!this.content.add(key, cluster.text === REJECT ? undefined : cluster.text))
      return bad(name.column, `${quoted(name.text)} is already in this file: remove one`)
    this.entries++
    return undefined
  }

  #keyOf(name: string): string | undefined {
    if (!this.#isPostgres) return normalizePattern(name)
    return explainPostgresName(name) === undefined && !name.includes(NOT_UTF8) ? name : undefined
  }

  #explain(name: string): string {
    if (name.includes(NOT_UTF8)) return 'this is not UTF-8: save the file as UTF-8'
    return (this.#isPostgres ? explainPostgresName(name) : explainNamePattern(name)) ?? ''
  }

  #whyNot(cluster: string): string | undefined {
    if (cluster === REJECT || this.#clusters === undefined) return undefined
    return this.#clusters.has(cluster)
      ? this.#clusters.get(cluster)
      : `there is no cluster ${quoted(cluster)}: write the name of a cluster of the config, or "reject"`
  }
}

const bad = (column: number, message: string): BadLine => ({ column, message })
