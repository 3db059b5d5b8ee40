/**
 * The verbs that ask a running millrace, and their flags → what is asked, as a value. Pure, as the rest of the command
 * line.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Address } from '../address.js'
import { explainAddressRange } from '../address-set.js'
import { adminAddressField } from '../config/admin-schema.js'
import { durationField, wholeNumberField } from '../config/fields.js'
import type { LogLevel } from '../config/log-schema.js'
import { LOG_LEVELS } from '../config/log-schema.js'
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
  CONNECTION_SORTS,
  type ConnectionFilter,
  type ConnectionQuery,
  DEFAULT_LISTED,
  type DrainOrder,
  type FromOutside,
  MOST_LISTED,
  MOST_WEIGHT,
} from '../control/orders.js'
import { readBy } from './flags.js'

/** Something that is asked of a running process. */
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
  | { readonly verb: 'reload' }
  | { readonly verb: 'log'; readonly change: LogChange | undefined }
  | { readonly verb: 'top'; readonly isOnce: boolean }

/** Undefined: none, only what there is. */
export type LogChange = { readonly level: LogLevel } | 'reopen'

/** Whom to ask, and how to tell what was answered. */
export interface Asking {
  /** Undefined: the one that runs. */
  readonly admin: Address | undefined
  readonly tokenFile: string | undefined
  readonly isJson: boolean
}

export type Decide = (question: Question, asking: Asking) => void

const ALL_ALONE = '--all is everything: say it alone'
const KILL_FAULTS: Readonly<Record<AllFault, string>> = {
  'nothing-named': 'kill needs ids, a flag that says whom, or --all',
  'all-and-more': ALL_ALONE,
}
const DRAIN_FAULTS: Readonly<Record<DrainFault, string>> = {
  'nothing-named': 'drain needs --listener, --cluster or --all',
  'all-and-more': ALL_ALONE,
  'backend-alone': '--backend needs its --cluster',
  'listener-and-cluster': 'drain takes either --listener or --cluster',
  'spread-too-long': '--spread is before the --deadline and cannot be longer',
}
const duration = readBy(durationField)
const LIMIT_HELP = `list at most so many: 1 to ${MOST_LISTED} (default: ${DEFAULT_LISTED})`
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

export const VERBS = ['status', 'connections', 'kill', 'drain', 'backend', 'reload', 'log', 'top'] as const

export function defineVerbs(program: Command, decide: Decide): void {
  const verb = (name: (typeof VERBS)[number], description: string): Command =>
    withCommonFlags(program.command(name).description(description).allowExcessArguments(false))

  verb('status', 'how a running millrace is doing').action((flags: CommonFlags) =>
    decide({ verb: 'status' }, askingOf(flags)),
  )
  withFilter(verb('connections', 'its connections, the busiest first'))
    .addOption(new Option('--sort <by>', 'most first (default: rate)').choices(CONNECTION_SORTS))
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
  defineKill(
    verb('kill', 'end connections with a reset: those named, or all for which every flag holds'),
    decide,
  )
  defineDrain(verb('drain', 'let what runs finish, take nothing new, end the rest at a deadline'), decide)
  defineBackend(verb('backend', 'take a backend out of use or in again, or change its weight'), decide)
  verb('reload', 'take up the config file as it is now, or say everything that is wrong with it').action(
    (flags: CommonFlags) => decide({ verb: 'reload' }, askingOf(flags)),
  )
  defineLog(verb('log', 'its level and its file; log from another level on, or open the file anew'), decide)
  verb('top', 'a live screen: rates, backends, the busiest connections; q leaves it')
    .option('--once', 'print one screen and leave')
    .action((flags: CommonFlags & { once?: true }) =>
      decide({ verb: 'top', isOnce: flags.once ?? false }, askingOf(flags)),
    )
}

function defineKill(kill: Command, decide: Decide): void {
  withFilter(kill)
    .argument('[ids...]', 'as "millrace connections" lists them')
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
    .option('--listener <name>', 'it accepts no more, until a reload')
    .option('--cluster <name>', 'its backends get no new connections')
    .option('--backend <address>', 'only this one; with --cluster')
    .option('--all', 'everything; the process ends afterwards')
    .option('--deadline <time>', 'end what is left then, such as 30s (default: drainMs; 0: never)', duration)
    .option('--spread <time>', 'so long before it end one after another (default: half of it)', duration)
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
    .argument('<cluster>', 'its cluster')
    .argument('<address>', 'as configured')
    .addOption(
      new Option('--state <state>', 'up; down: no new connections; drain: and those it has end').choices(
        BACKEND_STATES,
      ),
    )
    .option('--weight <weight>', `0 to ${MOST_WEIGHT}; 0: no new connections`, readBy(weightField))
    .action((cluster: string, address: string, flags: CommonFlags & BackendChange) => {
      const change = given({ state: flags.state, weight: flags.weight })
      if (faultOfChange(change) !== undefined)
        return backend.error('error: backend needs --state or --weight')
      decide({ verb: 'backend', cluster, backend: address, change }, askingOf(flags))
    })
}

function defineLog(log: Command, decide: Decide): void {
  log
    .addOption(new Option('--level <level>', 'least level to log').choices(LOG_LEVELS).conflicts('reopen'))
    .option('--reopen', 'open the file anew, after it was moved')
    .action(({ level, reopen, ...flags }: CommonFlags & { level?: LogLevel; reopen?: true }) => {
      const change = level === undefined ? reopen && 'reopen' : { level }
      decide({ verb: 'log', change }, askingOf(flags))
    })
}

function withCommonFlags(verb: Command): Command {
  return verb
    .option(
      '--admin <address>',
      'whom to ask: unix:/path or HOST:PORT (default: $MILLRACE_ADMIN, or the one that runs)',
      readBy(adminAddressField),
    )
    .option('--token-file <file>', 'what to show at a port (default: $MILLRACE_ADMIN_TOKEN)')
    .option('--json', 'print what the API answers')
}

function withFilter(verb: Command): Command {
  return verb
    .option('--listener <name>', 'accepted there')
    .option('--cluster <name>', 'on their way there')
    .option('--backend <address>', 'joined to it, as configured')
    .option('--client <addresses>', 'from there, such as 10.0.0.0/8', addressRange)
    .option('--idle <time>', 'without a byte for this long, such as 5m', duration)
    .option('--older <time>', 'accepted at least this long ago', duration)
}

function filterOf({ listener, cluster, backend, client, idle, older }: FilterFlags): ConnectionFilter {
  return given({ listener, cluster, backend, client, idleForMs: idle, olderThanMs: older })
}

function askingOf({ admin, tokenFile, json }: CommonFlags): Asking {
  return { admin, tokenFile, isJson: json ?? false }
}

/** Without what is undefined. */
function given<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Value
}

function addressRange(text: string): string {
  const message = explainAddressRange(text)
  if (message !== undefined) throw new InvalidArgumentError(message)
  return text
}
