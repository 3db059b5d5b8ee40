/**
 * The commands that ask a running millrace, and their flags → a question, as a value. Pure, like the rest of
 * the command line.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Address } from '../address.js'
import { explainAddressRange } from '../address-set.js'
import { adminAddressField } from '../config/schemas/admin-schema.js'
import { durationField, wholeNumberField } from '../config/schemas/fields.js'
import type { LogLevel } from '../config/schemas/log-schema.js'
import { LOG_LEVELS } from '../config/schemas/log-schema.js'
import {
  type AllFault,
  type DrainFault,
  faultOfChange,
  faultOfDrain,
  faultOfKill,
} from '../control/faults.js'
import {
  BACKEND_STATES,
  type BackendChange,
  type BackendState,
  CONNECTION_SORTS,
  type ConnectionFilter,
  type ConnectionQuery,
  DEFAULT_LISTED,
  DOWN_IS_NO_ORDER,
  type DrainOrder,
  type FromOutside,
  MOST_LISTED,
  MOST_WEIGHT,
} from '../control/orders.js'
import { readBy } from './flags.js'

/** A question to a running process. */
export type Question =
  | { readonly verb: 'status' }
  | { readonly verb: 'connections'; readonly query: ConnectionQuery }
  | { readonly verb: 'kill'; readonly filter: FromOutside<ConnectionFilter> }
  | { readonly verb: 'drain'; readonly order: FromOutside<DrainOrder> }
  | {
      readonly verb: 'backend'
      readonly cluster: string
      readonly backend: string
      readonly change: BackendChange
    }
  | { readonly verb: 'failback'; readonly cluster: string }
  | { readonly verb: 'reload' }
  | { readonly verb: 'log'; readonly change: LogChange | undefined }
  | { readonly verb: 'top'; readonly isOnce: boolean }

/** Undefined: show the log level and the file, change nothing. */
export type LogChange = { readonly level: LogLevel } | 'reopen'

/** Which millrace to ask, and how to print the answer. */
export interface Asking {
  /** Undefined: the only one that runs. */
  readonly admin: Address | undefined
  readonly tokenFile: string | undefined
  readonly isJson: boolean
}

export type Decide = (question: Question, asking: Asking) => void

const ALL_ALONE = '--all means everything: remove the other options'
const KILL_FAULTS: Readonly<Record<AllFault, string>> = {
  'nothing-named': 'kill needs connection ids, a filter such as --client, or --all',
  'all-and-more': ALL_ALONE,
}
const DRAIN_FAULTS: Readonly<Record<DrainFault, string>> = {
  'nothing-named': 'drain needs --listener NAME, --cluster NAME or --all',
  'all-and-more': ALL_ALONE,
  'backend-alone': '--backend needs --cluster NAME',
  'listener-and-cluster': 'drain takes --listener or --cluster, not both',
  'spread-too-long': '--spread is longer than --deadline: make it shorter',
  'spread-alone': '--spread needs --deadline TIME',
}
const duration = readBy(durationField)
const LIMIT_HELP = `list at most this many, 1 to ${MOST_LISTED} (default: ${DEFAULT_LISTED})`
const limitField = wholeNumberField(1, MOST_LISTED)
const weightField = wholeNumberField(0, MOST_WEIGHT)

interface CommonFlags {
  readonly admin?: Address
  readonly tokenFile?: string
  readonly json?: true
}

interface FilterFlags {
  readonly listener?: string
  readonly cluster?: string
  readonly backend?: string
  readonly client?: string
  readonly idle?: number
  readonly older?: number
}

export const VERBS = [
  'status',
  'connections',
  'kill',
  'drain',
  'backend',
  'failback',
  'reload',
  'log',
  'top',
] as const

export function defineVerbs(program: Command, decide: Decide): void {
  const verb = (name: (typeof VERBS)[number], description: string): Command =>
    withCommonFlags(program.command(name).description(description).allowExcessArguments(false))

  verb('status', 'show listeners, clusters and backends of the running millrace').action(
    (flags: CommonFlags) => decide({ verb: 'status' }, askingOf(flags)),
  )
  withFilter(verb('connections', 'list open connections, the busiest first'))
    .addOption(
      new Option('--sort <by>', 'order of the list, the highest first (default: rate)').choices(
        CONNECTION_SORTS,
      ),
    )
    .option('--limit <count>', LIMIT_HELP, readBy(limitField))
    .action((flags: CommonFlags & FilterFlags & Pick<ConnectionQuery, 'sort' | 'limit'>) =>
      decide(
        {
          verb: 'connections',
          query: given({ ...filterOf(flags), sort: flags.sort, limit: flags.limit }),
        },
        askingOf(flags),
      ),
    )
  defineKill(verb('kill', 'reset connections: those that you name, or all that match every filter'), decide)
  defineDrain(
    verb(
      'drain',
      'stop new connections and let open ones go on; with --deadline, wait and then end those that are left',
    ),
    decide,
  )
  defineBackend(verb('backend', 'take a backend out of service, put it back, or change its weight'), decide)
  verb('failback', 'let a cluster with failback: manual go back to the first tier that works')
    .argument('<cluster>', 'the name of the cluster')
    .action((cluster: string, flags: CommonFlags) => decide({ verb: 'failback', cluster }, askingOf(flags)))
  verb('reload', 'read the config file again; if it has problems, print them and keep the old config').action(
    (flags: CommonFlags) => decide({ verb: 'reload' }, askingOf(flags)),
  )
  defineLog(verb('log', 'show the log level and file; change the level, or open the file again'), decide)
  verb('top', 'show rates, backends and the busiest connections, live; press q to leave')
    .option('--once', 'print one screen and exit')
    .action((flags: CommonFlags & { once?: true }) =>
      decide({ verb: 'top', isOnce: flags.once ?? false }, askingOf(flags)),
    )
}

function defineKill(kill: Command, decide: Decide): void {
  withFilter(kill)
    .argument('[ids...]', 'connection ids, as "millrace connections" prints them')
    .option('--all', 'every connection')
    .action((ids: string[], flags: CommonFlags & FilterFlags & { all?: true }) => {
      const named = ids.length > 0 ? ids : undefined
      const filter = given({ ...filterOf(flags), ids: named, all: flags.all })
      const fault = faultOfKill(filter)
      if (fault !== undefined) return kill.error(`error: ${KILL_FAULTS[fault]}`)
      decide({ verb: 'kill', filter }, askingOf(flags))
    })
}

function defineDrain(drain: Command, decide: Decide): void {
  drain
    .option('--listener <name>', 'this listener accepts no clients until a reload opens it again')
    .option('--cluster <name>', 'its backends get no new connections until you set them up again')
    .option('--backend <address>', 'only this backend; needs --cluster')
    .option('--all', 'everything; the process exits with its last connection')
    .option(
      '--deadline <time>',
      'wait this long, such as 30s, then end the connections that are left; 0: wait for all (default: do not wait)',
      duration,
    )
    .option(
      '--spread <time>',
      'begin to close connections one by one this long before the deadline; 0: close none early (default: half of the deadline)',
      duration,
    )
    .action((flags: CommonFlags & FilterFlags & { all?: true; deadline?: number; spread?: number }) => {
      const { listener, cluster, backend, all, deadline, spread } = flags
      const order = given({ listener, cluster, backend, all, deadlineMs: deadline, spreadMs: spread })
      const fault = faultOfDrain(order)
      if (fault !== undefined) return drain.error(`error: ${DRAIN_FAULTS[fault]}`)
      decide({ verb: 'drain', order }, askingOf(flags))
    })
}

function defineBackend(backend: Command, decide: Decide): void {
  backend
    .argument('<cluster>', 'the name of its cluster')
    .argument('<address>', 'its address as in the config')
    .addOption(
      new Option(
        '--state <state>',
        'up: in service; drain: no new connections; maint: as drain, and its connections end within drainMs',
      )
        .choices(BACKEND_STATES)
        .argParser(backendState),
    )
    .option(
      '--weight <weight>',
      `share of new connections, 0 to ${MOST_WEIGHT}; 0: no new connections`,
      readBy(weightField),
    )
    .action((cluster: string, address: string, flags: CommonFlags & BackendChange) => {
      const change = given({ state: flags.state, weight: flags.weight })
      if (faultOfChange(change) !== undefined)
        return backend.error('error: backend needs --state or --weight')
      decide({ verb: 'backend', cluster, backend: address, change }, askingOf(flags))
    })
}

function backendState(text: string): BackendState {
  if (text === 'down') throw new InvalidArgumentError(`${DOWN_IS_NO_ORDER}.`)
  const state = BACKEND_STATES.find((each) => each === text)
  if (state === undefined) throw new InvalidArgumentError(`Allowed choices are ${BACKEND_STATES.join(', ')}.`)
  return state
}

function defineLog(log: Command, decide: Decide): void {
  log
    .addOption(
      new Option('--level <level>', 'lowest level to log, until a reload sets another')
        .choices(LOG_LEVELS)
        .conflicts('reopen'),
    )
    .option('--reopen', 'open the log file again, after you moved it')
    .action(({ level, reopen, ...flags }: CommonFlags & { level?: LogLevel; reopen?: true }) => {
      const change = level === undefined ? reopen && 'reopen' : { level }
      decide({ verb: 'log', change }, askingOf(flags))
    })
}

function withCommonFlags(verb: Command): Command {
  return verb
    .option(
      '--admin <address>',
      'which millrace to ask: unix:/path or HOST:PORT (default: $MILLRACE_ADMIN, or the one that runs)',
      readBy(adminAddressField),
    )
    .option(
      '--token-file <file>',
      'file that holds the token for HOST:PORT (default: the token in $MILLRACE_ADMIN_TOKEN)',
    )
    .option('--json', 'print the answer of the API as JSON')
}

function withFilter(verb: Command): Command {
  return verb
    .option('--listener <name>', 'only those of this listener')
    .option('--cluster <name>', 'only those to this cluster')
    .option('--backend <address>', 'only those to this backend, by its address in the config')
    .option('--client <addresses>', 'only those from these clients, such as 10.0.0.0/8', addressRange)
    .option('--idle <time>', 'only those that moved no byte for this long, such as 5m', duration)
    .option('--older <time>', 'only those that are at least this old, such as 1h', duration)
}

function filterOf({ listener, cluster, backend, client, idle, older }: FilterFlags): ConnectionFilter {
  return given({ listener, cluster, backend, client, idleForMs: idle, olderThanMs: older })
}

function askingOf({ admin, tokenFile, json }: CommonFlags): Asking {
  return { admin, tokenFile, isJson: json ?? false }
}

/** The value without its undefined fields. */
function given<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Value
}

function addressRange(text: string): string {
  const message = explainAddressRange(text)
  if (message !== undefined) throw new InvalidArgumentError(message)
  return text
}
