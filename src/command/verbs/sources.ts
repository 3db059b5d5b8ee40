/** Sources that limits count. Pure. */
import { type Command, Option } from 'commander'
import { wholeNumberField } from '../../config/schemas/fields.js'
import { DEFAULT_LISTED, MOST_LISTED, SOURCE_SORTS, type SourceQuery } from '../../control/orders.js'
import { readBy } from '../flags.js'
import { askingOf, type CommonFlags, given } from './common-flags.js'
import type { Decide } from './question.js'

const LIMIT_HELP = `list at most this many, 1 to ${MOST_LISTED} (default: ${DEFAULT_LISTED})`
const limitField = wholeNumberField(1, MOST_LISTED)

export function defineSources(sources: Command, decide: Decide): void {
  sources
    .option('--scope <scope>', 'only those of this scope: process, listener/NAME or cluster/NAME')
    .addOption(
      new Option('--sort <by>', 'order of the list, the highest first (default: connections)').choices(
        SOURCE_SORTS,
      ),
    )
    .option('--limit <count>', LIMIT_HELP, readBy(limitField))
    .action(({ scope, sort, limit, ...flags }: CommonFlags & SourceQuery) => {
      decide({ verb: 'sources', query: given({ scope, sort, limit }) }, askingOf(flags))
    })
}
