/**
 * The routes of one listener: from what is known of a client to where it goes. Pure. The rule with the most
 * specific name wins. Among equally specific rules, the first one wins.
 */
import type { Address } from '../address.js'
import { AddressSet } from '../address-set.js'
import { NameTable, normalizePattern, patternsFor, rankOfPattern } from '../names.js'
import { routePath } from '../request-path.js'

/**
 * What becomes of a request: `reject`: only an upgrade is served. `forward`: it is forwarded, alone. `pass`: it and all that
 * follows it passes through.
 */
export type Requests = 'reject' | 'forward' | 'pass'

/** What a map finds a client by. */
export type MapKey = 'sni' | 'host' | 'user' | 'database'

/** A file that says which name goes to which cluster. */
export interface RuleMap {
  readonly file: string
  readonly by: MapKey
}

/** What the file says now: it can change at any time. */
export interface NameLookup {
  /**
   * The most specific line for the name. Its cluster undefined: millrace turns the client away. `rank`: as `rankOfPattern`. Undefined: no
   * line is for this name.
   */
  find(name: string | undefined): { readonly cluster: string | undefined; readonly rank: number } | undefined
}

export interface Rule {
  /** What the client speaks: one of these. */
  readonly speaks: readonly string[] | undefined
  /** Patterns of server names, ALPN protocols, address ranges, patterns of hosts. Undefined: any. */
  readonly sni: readonly string[] | undefined
  readonly alpn: readonly string[] | undefined
  readonly source: readonly string[] | undefined
  readonly host: readonly string[] | undefined
  readonly path: string | undefined
  /** From the start-up of a Postgres client. Upper and lower case differ. */
  readonly user: readonly string[] | undefined
  readonly database: readonly string[] | undefined
  /** Names the cluster of each client. Undefined: all have the same. */
  readonly map: RuleMap | undefined
  /** Undefined: the map decides, or millrace turns the client away. */
  readonly cluster: string | undefined
  /** What becomes of requests. Undefined: the listener decides. */
  readonly http: Requests | undefined
}

/** What is known of a client. Rules are compared with it. */
export interface Facts {
  readonly client: Address | undefined
  /** Everything that its first bytes may be. Undefined: nobody has looked. */
  readonly spoken?: readonly string[] | undefined
  readonly serverName?: string | undefined
  readonly alpn?: readonly string[] | undefined
  readonly host?: string | undefined
  /** As `comparePath` spells it. */
  readonly path?: string | undefined
  readonly user?: string | undefined
  readonly database?: string | undefined
}

type Condition = (facts: Facts) => boolean

/** Where the client goes. */
export interface Found extends Pick<Rule, 'http'> {
  /** Undefined: millrace turns the client away. */
  readonly cluster: string | undefined
  /** Which rule it is. A line of a map belongs to the rule with the map. */
  readonly index: number
}

/** How specific the names of a rule are, as `rankOfPattern`, and which rule it is. */
interface Place {
  readonly host: number
  readonly sni: number
  readonly index: number
}

interface Entry extends Place {
  readonly found: Found
  readonly conditions: readonly Condition[]
}

interface MapEntry {
  readonly rule: Rule
  readonly by: MapKey
  readonly lookup: NameLookup
  readonly conditions: readonly Condition[]
  /** Patterns, as `normalizePattern` writes them. */
  readonly hosts: ReadonlySet<string>
  readonly serverNames: ReadonlySet<string>
  readonly index: number
}

const ANY = '*'

/** Every line of a map counts like a rule of its own. */
export class RouteTable {
  /** By host if rules have one, and inside a host by server name. So each name is a look-up, not a search. */
  readonly #byHost = new NameTable<NameTable<Entry>>()
  readonly #maps: readonly MapEntry[]

  /** `lookupOf`: what the file of a map says. */
  constructor(rules: readonly Rule[], lookupOf: (map: RuleMap) => NameLookup = noMaps) {
    const tables = new Map<string, NameTable<Entry>>()
    const indexed = rules.map((rule, index) => ({
      rule,
      index,
      found: { cluster: rule.cluster, http: rule.http, index },
      conditions: conditionsOf(rule),
    }))
    for (const each of indexed) {
      if (each.rule.map === undefined)
        for (const host of each.rule.host ?? [ANY]) this.#add(tables, host, each)
    }
    this.#maps = indexed.flatMap((each) => {
      const { map, host, sni } = each.rule
      if (map === undefined) return []
      return [
        { ...each, by: map.by, lookup: lookupOf(map), hosts: patternsOf(host), serverNames: patternsOf(sni) },
      ]
    })
  }

  find(facts: Facts): Found | undefined {
    const entry = this.#findEntry(facts)
    if (this.#maps.length === 0) return entry?.found
    let best: { readonly place: Place; readonly found: Found } | undefined = entry && {
      place: entry,
      found: entry.found,
    }
    for (const map of this.#maps) {
      const match = matchOf(map, facts)
      if (match !== undefined && (best === undefined || isBefore(match.place, best.place))) best = match
    }
    return best?.found
  }

  #findEntry(facts: Facts): Entry | undefined {
    for (const table of this.#byHost.find(facts.host)) {
      const entry = table.find(facts.serverName).find(({ conditions }) => allHold(conditions, facts))
      if (entry !== undefined) return entry
    }
    return undefined
  }

  #add(
    tables: Map<string, NameTable<Entry>>,
    host: string,
    { rule, ...of }: Omit<Entry, 'host' | 'sni'> & { readonly rule: Rule },
  ): void {
    // Two spellings of one host share one table. Otherwise the later rule could win.
    const key = host.toLowerCase().replace(/\.$/, '')
    let table = tables.get(key)
    if (table === undefined) {
      table = new NameTable()
      tables.set(key, table)
      this.#byHost.add(host, table)
    }
    for (const name of new Set(rule.sni ?? [ANY]))
      table.add(name, { ...of, host: rankOf(host), sni: rankOf(name) })
  }
}

function noMaps(): never {
  throw new Error('this table has no maps')
}

/** The line of a map for this client, as if it were a rule. */
function matchOf(map: MapEntry, facts: Facts): { place: Place; found: Found } | undefined {
  const { by, rule, index } = map
  const [host, sni] = [rankAmong(map.hosts, facts.host), rankAmong(map.serverNames, facts.serverName)]
  if (host === undefined || sni === undefined || !allHold(map.conditions, facts)) return undefined
  const line = map.lookup.find(by === 'sni' ? facts.serverName : facts[by])
  if (line === undefined) return undefined
  const place = { host: by === 'host' ? line.rank : host, sni: by === 'sni' ? line.rank : sni, index }
  return { place, found: { cluster: line.cluster, http: rule.http, index } }
}

function isBefore(one: Place, other: Place): boolean {
  if (one.host !== other.host) return one.host > other.host
  return one.sni === other.sni ? one.index < other.index : one.sni > other.sni
}

const rankOf = (pattern: string): number => rankOfPattern(normalizePattern(pattern) ?? ANY)

const patternsOf = (patterns: readonly string[] = [ANY]): ReadonlySet<string> =>
  new Set(patterns.map((pattern) => normalizePattern(pattern) ?? ANY))

/** The rank of the most specific pattern that matches. Undefined: none does. */
function rankAmong(patterns: ReadonlySet<string>, name: string | undefined): number | undefined {
  const pattern = patternsFor(name).find((each) => patterns.has(each))
  return pattern === undefined ? undefined : rankOfPattern(pattern)
}

const allHold = (conditions: readonly Condition[], facts: Facts): boolean =>
  conditions.every((holds) => holds(facts))

function conditionsOf({ speaks, alpn, source, path, user, database }: Rule): Condition[] {
  const conditions: Condition[] = []
  if (speaks !== undefined) conditions.push(({ spoken }) => speaks.some((name) => spoken?.includes(name)))
  if (alpn !== undefined) conditions.push((facts) => alpn.some((name) => facts.alpn?.includes(name)))
  if (source !== undefined) {
    const ranges = new AddressSet(source)
    conditions.push(({ client }) => ranges.has(client))
  }
  if (path !== undefined) {
    const beginning = routePath(path)
    conditions.push((facts) => facts.path !== undefined && isWithin(facts.path, beginning))
  }
  if (user !== undefined) conditions.push((facts) => isAmong(user, facts.user))
  if (database !== undefined) conditions.push((facts) => isAmong(database, facts.database))
  return conditions
}

const isAmong = (names: readonly string[], name: string | undefined): boolean =>
  name !== undefined && names.includes(name)

/** Compares whole segments: `/chat` is not the beginning of `/chatter`. */
function isWithin(path: string, beginning: string): boolean {
  const folder = beginning.endsWith('/') ? beginning : `${beginning}/`
  return path === beginning || path.startsWith(folder)
}
