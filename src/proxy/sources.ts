/** The sources that limits count, as a list for operators. */
import type { Config } from '../config/schema.js'
import type { SourceInfo, SourceList } from '../control/answers.js'
import { unknownName } from '../control/names.js'
import { DEFAULT_LISTED, type SourceQuery } from '../control/orders.js'
import { SOURCE_WEIGHTS } from '../control/source-order.js'
import type { Counts } from '../limits/counts/counts.js'
import type { Limit } from '../limits/limit.js'
import { formatSource } from '../source.js'
import { limitsOf } from './limit-plans.js'

/** @throws MillraceError `unknown-name`, if no limit counts sources in the scope. */
export function listSources(counts: Counts, config: Config, query: SourceQuery): SourceList {
  const limits = limitsOf(config).filter(({ perSource }) => perSource !== undefined)
  const { scope, sort = 'connections', limit = DEFAULT_LISTED } = query
  const asked = limits.filter((each) => scope === undefined || each.scope === scope)
  if (scope !== undefined && asked.length === 0)
    throw unknownName(
      'scope',
      scope,
      limits.map((each) => each.scope),
      ' with limits of sources',
    )
  const top = new Top(limit, SOURCE_WEIGHTS[sort])
  for (const each of asked) for (const info of sourcesOf(counts, each)) top.add(info)
  return { isShared: counts.isShared, matched: top.seen, sources: top.sorted() }
}

function* sourcesOf(counts: Counts, { scope, perSource }: Limit): Generator<SourceInfo> {
  for (const { source, held, newPerSecond, bytesToday } of counts.sources(scope))
    yield { scope, source: formatSource(source, perSource!), connections: held, newPerSecond, bytesToday }
}

/** Keeps the heaviest of many. It never sorts all of them at once. */
class Top {
  seen = 0
  #kept: SourceInfo[] = []
  readonly #most: number
  readonly #weigh: (info: SourceInfo) => number

  constructor(most: number, weigh: (info: SourceInfo) => number) {
    this.#most = most
    this.#weigh = weigh
  }

  add(info: SourceInfo): void {
    this.seen++
    this.#kept.push(info)
    if (this.#kept.length >= 2 * this.#most + 1) this.sorted()
  }

  sorted(): readonly SourceInfo[] {
    this.#kept = this.#kept.sort((a, b) => this.#weigh(b) - this.#weigh(a)).slice(0, this.#most)
    return this.#kept
  }
}
