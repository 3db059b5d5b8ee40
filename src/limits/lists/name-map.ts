/** Clusters by name, from a file. A look-up asks once for each label of the name, however many names there are. Pure. */
import { patternsFor, rankOfPattern } from '../../names.js'

/** The most specific line for a name. */
export interface NameMatch {
  /** Undefined: millrace turns the client away. */
  readonly cluster: string | undefined
  /** As `rankOfPattern`. */
  readonly rank: number
}

export class NameMap {
  /** By pattern, as `normalizePattern` writes it, or by the name of Postgres. */
  readonly #clusters = new Map<string, string | undefined>()
  readonly #hasPatterns: boolean

  /** `hasPatterns`: the names are host names, and can begin with stars. */
  constructor(hasPatterns: boolean) {
    this.#hasPatterns = hasPatterns
  }

  /** False: the name has a cluster already. */
  add(name: string, cluster: string | undefined): boolean {
    if (this.#clusters.has(name)) return false
    this.#clusters.set(name, cluster)
    return true
  }

  /** `name`: as `normalizeName` writes it, or of Postgres. Undefined: the client has named none. */
  find(name: string | undefined): NameMatch | undefined {
    const pattern = this.#namesFor(name).find((each) => this.#clusters.has(each))
    if (pattern === undefined) return undefined
    return { cluster: this.#clusters.get(pattern), rank: this.#hasPatterns ? rankOfPattern(pattern) : 0 }
  }

  #namesFor(name: string | undefined): readonly string[] {
    if (this.#hasPatterns) return patternsFor(name)
    return name === undefined ? [] : [name]
  }
}
