/**
 * The routes of one listener: from what is known of a client to where it goes. Pure. The rule with the most
 * specific name wins. Among equally specific rules, the first one wins.
 */
import type { Address } from '../address.js'
import { AddressSet } from '../address-set.js'
import { NameTable } from '../names.js'
import { routePath } from '../request-path.js'

/**
 * What becomes of a request: `reject`: only an upgrade is served. `forward`: it is forwarded, alone. `pass`: it and all that
 * follows it passes through.
 */
export type Requests = 'reject' | 'forward' | 'pass'

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
  /** Undefined: millrace turns the client away. */
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

interface Entry {
  readonly rule: Rule
  readonly conditions: readonly Condition[]
}

const ANY = '*'

export class RouteTable {
  /** By host if rules have one, and inside a host by server name. So each name is a look-up, not a search. */
  readonly #byHost = new NameTable<NameTable<Entry>>()

  constructor(rules: readonly Rule[]) {
    const tables = new Map<string, NameTable<Entry>>()
    for (const rule of rules) {
      const entry = { rule, conditions: conditionsOf(rule) }
      for (const host of rule.host ?? [ANY]) this.#add(tables, host, entry)
    }
  }

  find(facts: Facts): Rule | undefined {
    for (const table of this.#byHost.find(facts.host)) {
      const entry = table
        .find(facts.serverName)
        .find(({ conditions }) => conditions.every((holds) => holds(facts)))
      if (entry !== undefined) return entry.rule
    }
    return undefined
  }

  #add(tables: Map<string, NameTable<Entry>>, host: string, entry: Entry): void {
    // Two spellings of one host share one table. Otherwise the later rule could win.
    const key = host.toLowerCase().replace(/\.$/, '')
    let table = tables.get(key)
    if (table === undefined) {
      table = new NameTable()
      tables.set(key, table)
      this.#byHost.add(host, table)
    }
    for (const name of new Set(entry.rule.sni ?? [ANY])) table.add(name, entry)
  }
}

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
