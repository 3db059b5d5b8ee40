/**
 * Hold a cluster, and release it. Pure.
 */
import type { Command } from 'commander'
import { waitField } from '../../config/schemas/fields.js'
import { readBy } from '../flags.js'
import { askingOf, type CommonFlags, given } from './common-flags.js'
import type { Decide } from './question.js'

export function defineHold(hold: Command, decide: Decide): void {
  hold
    .argument('<cluster>', 'the name of the cluster')
    .requiredOption('--max <time>', 'the hold ends by itself after this time, such as 30s', readBy(waitField))
    .option('--end', 'also drain the connections that are there; without it they go on')
    .action((cluster: string, { max, end, ...flags }: CommonFlags & { max: number; end?: true }) =>
      decide({ verb: 'hold', order: given({ cluster, maxMs: max, end }) }, askingOf(flags)),
    )
}

export function defineRelease(release: Command, decide: Decide): void {
  release
    .argument('<cluster>', 'the name of the cluster')
    .action((cluster: string, flags: CommonFlags) => decide({ verb: 'release', cluster }, askingOf(flags)))
}
