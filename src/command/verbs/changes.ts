/**
 * Change the running config: add or remove a backend, a cluster, a route or a listener, and compare it with its file. Pure.
 */
import type { Command } from 'commander'
import type { Change } from '../../config/changes/change.js'
import { wholeNumberField } from '../../config/schemas/fields.js'
import { MOST_WEIGHT } from '../../control/orders.js'
import { readBy } from '../flags.js'
import { askingOf, type CommonFlags, given, withCommonFlags } from './common-flags.js'
import type { Decide } from './question.js'

const SPEC = '--spec <yaml>'
const MOST_TIER = 99
const MOST_CONNECTIONS = 10_000_000
const CLUSTER = 'the name of the cluster'
const LISTENER = 'the name of the listener'
const END = 'also drain its connections within drainMs; without it they go on'

type Flags = CommonFlags & { readonly spec?: string; readonly end?: true }

/** Which clients a route is for. Each is a key of the config. */
const CONDITIONS = {
  sni: ['--sni <names>', 'clients with these server names: a.example.com[,*.example.org…]'],
  host: ['--host <names>', 'HTTP requests for these hosts'],
  path: ['--path <path>', 'HTTP requests for this path, or below it'],
  source: ['--source <networks>', 'clients from these networks: 10.0.0.0/8[,…]'],
  speaks: ['--speaks <protocols>', 'clients that begin with these protocols: tls, ssh, postgres[,…]'],
  alpn: ['--alpn <protocols>', 'clients that offer these protocols by ALPN'],
  user: ['--user <names>', 'Postgres clients with these roles'],
  database: ['--database <names>', 'Postgres clients with these databases'],
} as const

type Conditions = { readonly [Key in keyof typeof CONDITIONS]?: string }

export function defineAdd(add: Command, decide: Decide): void {
  addBackend(part(add, 'backend', 'add a backend to a cluster'), decide)
  addCluster(part(add, 'cluster', 'add a cluster'), decide)
  addRoute(part(add, 'route', 'add a route to a listener, behind its other routes'), decide)
  addListener(part(add, 'listener', 'add a listener'), decide)
}

export function defineRemove(remove: Command, decide: Decide): void {
  part(remove, 'backend', 'remove a backend: it gets no new connections, and those that are there go on')
    .argument('<cluster>', CLUSTER)
    .argument('<address>', 'its address as in the config')
    .option('--end', END)
    .action((cluster: string, backend: string, flags: Flags) =>
      tell(decide, { do: 'remove-backend', cluster, backend }, flags),
    )
  part(remove, 'cluster', 'remove a cluster that no listener names')
    .argument('<cluster>', CLUSTER)
    .option('--end', END)
    .action((cluster: string, flags: Flags) => tell(decide, { do: 'remove-cluster', cluster }, flags))
  withConditions(part(remove, 'route', 'remove the routes with exactly these conditions'))
    .argument('<listener>', LISTENER)
    .option(SPEC, 'the conditions as in the config; - reads them from stdin')
    .action((listener: string, flags: Flags & Conditions) =>
      tell(decide, { do: 'remove-route', listener, spec: conditionsIn(flags) }, flags),
    )
  part(remove, 'listener', 'remove a listener: its port closes, and its connections drain within drainMs')
    .argument('<listener>', LISTENER)
    .action((listener: string, flags: Flags) => tell(decide, { do: 'remove-listener', listener }, flags))
}

export function defineDiff(diff: Command, decide: Decide): void {
  diff.action((flags: CommonFlags) => decide({ verb: 'diff' }, askingOf(flags)))
}

function addBackend(backend: Command, decide: Decide): void {
  backend
    .argument('<cluster>', CLUSTER)
    .argument('<address>', 'HOST:PORT, [IPv6]:PORT or unix:/path')
    .option(
      '--weight <weight>',
      `share of new connections, 0 to ${MOST_WEIGHT} (default: 1)`,
      readBy(wholeNumberField(0, MOST_WEIGHT)),
    )
    .option(
      '--tier <tier>',
      'gets connections only if no backend of a smaller tier is available, 0 to 99 (default: 0)',
      readBy(wholeNumberField(0, MOST_TIER)),
    )
    .option('--backup', 'gets connections only if no other backend is available')
    .option(
      '--max-connections <count>',
      'open connections to it at the same time (default: as the cluster says)',
      readBy(wholeNumberField(1, MOST_CONNECTIONS)),
    )
    .option(SPEC, 'more keys of the backend as in the config; - reads them from stdin')
    .action((cluster: string, address: string, flags: Flags & BackendFlags) => {
      const { weight, tier, backup, maxConnections } = flags
      const spec = given({ address, weight, tier, backup, maxConnections })
      tell(decide, { do: 'add-backend', cluster, spec }, flags)
    })
}

interface BackendFlags {
  readonly weight?: number
  readonly tier?: number
  readonly backup?: true
  readonly maxConnections?: number
}

function addCluster(cluster: Command, decide: Decide): void {
  cluster
    .argument('<cluster>', CLUSTER)
    .option('--to <addresses>', 'its backends: HOST:PORT[,HOST:PORT…]')
    .option('--balance <rule>', 'how a backend is chosen (default: round-robin)')
    .option(SPEC, 'more keys of the cluster as in the config; - reads them from stdin')
    .action((name: string, flags: Flags & { to?: string; balance?: string }) => {
      const spec = given({ balance: flags.balance, backends: flags.to?.split(',') })
      tell(decide, { do: 'add-cluster', cluster: name, spec }, flags)
    })
}

function addRoute(route: Command, decide: Decide): void {
  withConditions(route)
    .argument('<listener>', LISTENER)
    .option('--cluster <name>', 'the cluster for these clients')
    .option('--reject', 'refuse these clients')
    .option(
      '--at <index>',
      'its place in the list of routes, from 0; of equal routes the first one holds (default: the last place)',
      readBy(wholeNumberField(0, 100_000)),
    )
    .option(SPEC, 'more keys of the route as in the config; - reads them from stdin')
    .action((listener: string, flags: Flags & Conditions & RouteFlags) => {
      const { cluster, reject, at } = flags
      const spec = { ...conditionsIn(flags), ...given({ cluster, reject }) }
      tell(decide, given({ do: 'add-route', listener, spec, at }), flags)
    })
}

interface RouteFlags {
  readonly cluster?: string
  readonly reject?: true
  readonly at?: number
}

function addListener(listener: Command, decide: Decide): void {
  listener
    .argument('<name>', LISTENER)
    .argument('<address>', 'IP:PORT, [IPv6]:PORT, localhost:PORT or unix:/path')
    .option('--cluster <name>', 'the cluster for clients that match no route')
    .option(SPEC, 'more keys of the listener as in the config; - reads them from stdin')
    .action((name: string, address: string, flags: Flags & { cluster?: string }) =>
      tell(decide, { do: 'add-listener', spec: given({ name, address, cluster: flags.cluster }) }, flags),
    )
}

function part(verb: Command, name: string, description: string): Command {
  return withCommonFlags(verb.command(name).description(description).allowExcessArguments(false))
}

function withConditions(command: Command): Command {
  return Object.values(CONDITIONS).reduce((each, [flags, about]) => each.option(flags, about), command)
}

/** A list in a flag has commas. */
function conditionsIn(flags: Conditions): Record<string, string | readonly string[]> {
  const keys = Object.keys(CONDITIONS) as (keyof Conditions)[]
  return Object.fromEntries(
    keys.flatMap((key) => {
      const text = flags[key]
      if (text === undefined) return []
      return [[key, key !== 'path' && text.includes(',') ? text.split(',') : text]]
    }),
  )
}

function tell(decide: Decide, change: Change, flags: Flags): void {
  const { spec, end } = flags
  decide({ verb: 'change', change, spec, end }, askingOf(flags))
}
