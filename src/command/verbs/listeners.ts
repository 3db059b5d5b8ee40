/** Open a listener again, or drain it. Pure. */
import { type Command, Option } from 'commander'
import { LISTENER_STATES, type ListenerChange } from '../../control/orders.js'
import { askingOf, type CommonFlags } from './common-flags.js'
import type { Decide } from './question.js'

export function defineListener(listener: Command, decide: Decide): void {
  listener
    .argument('<listener>', 'the name of the listener')
    .addOption(
      new Option(
        '--state <state>',
        'up: it accepts clients; drain: it accepts none, whatever a reload says, and its connections go on',
      )
        .choices(LISTENER_STATES)
        .makeOptionMandatory(),
    )
    .action((name: string, { state, ...flags }: CommonFlags & ListenerChange) =>
      decide({ verb: 'listener', listener: name, change: { state } }, askingOf(flags)),
    )
}
