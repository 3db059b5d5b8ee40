/**
 * Clients that are turned away for a while: ban them, end bans, list bans. Pure.
 */
import { type Command, InvalidArgumentError } from 'commander'
import { explainNetwork } from '../../address-set.js'
import { waitField, wholeNumberField } from '../../config/schemas/fields.js'
import { type BanFault, faultOfBan } from '../../control/faults.js'
import { type BanQuery, DEFAULT_LISTED, MOST_LISTED, MOST_WHY_CHARS } from '../../control/orders.js'
import { readBy } from '../flags.js'
import { askingOf, type CommonFlags, given } from './common-flags.js'
import type { Decide } from './question.js'

const BAN_FAULTS: Readonly<Record<BanFault, string>> = {
  'too-wide': 'this network is wider than /8, or /16 of IPv6: add --all if you mean all of these clients',
}
/** Stands for all bans. */
const ALL = 'all'

interface BanFlags {
  readonly for?: number
  readonly why?: string
  readonly end?: true
  readonly all?: true
}

export function defineBan(ban: Command, decide: Decide): void {
  ban
    .argument('<client>', 'an address or a network, such as 192.0.2.1 or 2001:db8::/32', network)
    .option('--for <time>', 'how long, such as 1h, at most 24d', readBy(waitField))
    .option('--why <text>', 'a reason, for the log and for the list of bans', reason)
    .option('--end', 'reset the open connections of these clients too')
    .option('--all', 'needed for a network wider than /8, or /16 of IPv6')
    .action((client: string, flags: CommonFlags & BanFlags) => {
      const { for: forMs, why, end, all } = flags
      if (forMs === undefined) return ban.error('error: ban needs --for TIME, such as --for 1h')
      const order = given({ client, forMs, why, end, all })
      const fault = faultOfBan(order)
      if (fault !== undefined) return ban.error(`error: ${BAN_FAULTS[fault]}`)
      decide({ verb: 'ban', order }, askingOf(flags))
    })
}

export function defineUnban(unban: Command, decide: Decide): void {
  unban
    .argument('<client>', 'an address or a network that is banned, or "all" for every ban', networkOrAll)
    .action((client: string, flags: CommonFlags) => {
      const order = client === ALL ? ({ all: true } as const) : { client }
      decide({ verb: 'unban', order }, askingOf(flags))
    })
}

export function defineBans(bans: Command, decide: Decide): void {
  bans
    .argument('[client]', 'list only bans of this address or network', network)
    .option(
      '--limit <count>',
      `list at most this many, 1 to ${MOST_LISTED} (default: ${DEFAULT_LISTED})`,
      readBy(wholeNumberField(1, MOST_LISTED)),
    )
    .action((client: string | undefined, { limit, ...flags }: CommonFlags & Pick<BanQuery, 'limit'>) =>
      decide({ verb: 'bans', query: given({ client, limit }) }, askingOf(flags)),
    )
}

function network(text: string): string {
  const message = explainNetwork(text)
  if (message !== undefined) throw new InvalidArgumentError(message)
  return text
}

function networkOrAll(text: string): string {
  return text === ALL ? text : network(text)
}

function reason(text: string): string {
  if (text.length <= MOST_WHY_CHARS) return text
  throw new InvalidArgumentError(`expected at most ${MOST_WHY_CHARS} characters, found ${text.length}`)
}
