/**
 * Open connections: list them, and reset some. Pure.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { explainAddressRange } from '../../address-set.js'
import { wholeNumberField } from '../../config/schemas/fields.js'
import { type AllFault, faultOfKill } from '../../control/faults.js'
import {
  CONNECTION_SORTS,
  type ConnectionFilter,
  type ConnectionQuery,
  DEFAULT_LISTED,
  MOST_LISTED,
} from '../../control/orders.js'
import { readBy } from '../flags.js'
import { ALL_ALONE, askingOf, type CommonFlags, duration, given } from './common-flags.js'
import type { Decide } from './question.js'

const KILL_FAULTS: Readonly<Record<AllFault, string>> = {
  'nothing-named': 'kill needs connection ids, a filter such as --client, or --all',
  'all-and-more': ALL_ALONE,
}
const LIMIT_HELP = `list at most this many, 1 to ${MOST_LISTED} (default: ${DEFAULT_LISTED})`
const limitField = wholeNumberField(1, MOST_LISTED)

interface FilterFlags {
  readonly listener?: string
  readonly cluster?: string
  readonly backend?: string
  readonly client?: string
  readonly tag?: string
  readonly idle?: number
  readonly older?: number
}

export function defineConnections(connections: Command, decide: Decide): void {
  withFilter(connections)
    .addOption(
      new Option('--sort <by>', 'order of the list, the highest first (default: rate)').choices(
        CONNECTION_SORTS,
      ),
    )
    .option('--limit <count>', LIMIT_HELP, readBy(limitField))
    .action((flags: CommonFlags & FilterFlags & Pick<ConnectionQuery, 'sort' | 'limit'>) => {
      const query = given({ ...filterOf(flags), sort: flags.sort, limit: flags.limit })
      decide({ verb: 'connections', query }, askingOf(flags))
    })
}

export function defineKill(kill: Command, decide: Decide): void {
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

function withFilter(verb: Command): Command {
  return verb
    .option('--listener <name>', 'only those of this listener')
    .option('--cluster <name>', 'only those to this cluster')
    .option('--backend <address>', 'only those to this backend, by its address in the config')
    .option('--client <addresses>', 'only those from these clients, such as 10.0.0.0/8', addressRange)
    .option('--tag <key=value>', 'only those with this tag, or with this key and any value')
    .option('--idle <time>', 'only those that moved no byte for this long, such as 5m', duration)
    .option('--older <time>', 'only those that are at least this old, such as 1h', duration)
}

function filterOf({ listener, cluster, backend, client, tag, idle, older }: FilterFlags): ConnectionFilter {
  return given({ listener, cluster, backend, client, tag, idleForMs: idle, olderThanMs: older })
}

function addressRange(text: string): string {
  const message = explainAddressRange(text)
  if (message !== undefined) throw new InvalidArgumentError(message)
  return text
}
