/**
 * Stop new connections of a part or of everything. Pure.
 */
import type { Command } from 'commander'
import { type DrainFault, faultOfDrain } from '../../control/faults.js'
import { ALL_ALONE, askingOf, type CommonFlags, duration, given } from './common-flags.js'
import type { Decide } from './question.js'

const DRAIN_FAULTS: Readonly<Record<DrainFault, string>> = {
  'nothing-named': 'drain needs --listener NAME, --cluster NAME or --all',
  'all-and-more': ALL_ALONE,
  'backend-alone': '--backend needs --cluster NAME',
  'listener-and-cluster': 'drain takes --listener or --cluster, not both',
  'spread-too-long': '--spread is longer than --deadline: make it shorter',
  'spread-alone': '--spread needs --deadline TIME',
}

interface DrainFlags {
  readonly listener?: string
  readonly cluster?: string
  readonly backend?: string
  readonly all?: true
  readonly deadline?: number
  readonly spread?: number
}

export function defineDrain(drain: Command, decide: Decide): void {
  drain
    .option('--listener <name>', 'this listener accepts no clients until you set it up again')
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
    .action((flags: CommonFlags & DrainFlags) => {
      const { listener, cluster, backend, all, deadline, spread } = flags
      const order = given({ listener, cluster, backend, all, deadlineMs: deadline, spreadMs: spread })
      const fault = faultOfDrain(order)
      if (fault !== undefined) return drain.error(`error: ${DRAIN_FAULTS[fault]}`)
      decide({ verb: 'drain', order }, askingOf(flags))
    })
}
