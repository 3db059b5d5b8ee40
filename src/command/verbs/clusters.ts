/**
 * Change a cluster: one of its backends, or the tier that serves. Pure.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { wholeNumberField } from '../../config/schemas/fields.js'
import { faultOfChange } from '../../control/faults.js'
import {
  BACKEND_STATES,
  type BackendChange,
  type BackendState,
  explainNoOrder,
  MOST_WEIGHT,
} from '../../control/orders.js'
import { readBy } from '../flags.js'
import { askingOf, type CommonFlags, given } from './common-flags.js'
import type { Decide } from './question.js'

const weightField = wholeNumberField(0, MOST_WEIGHT)

export function defineBackend(backend: Command, decide: Decide): void {
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

export function defineFailback(failback: Command, decide: Decide): void {
  failback
    .argument('<cluster>', 'the name of the cluster')
    .action((cluster: string, flags: CommonFlags) => decide({ verb: 'failback', cluster }, askingOf(flags)))
}

function backendState(text: string): BackendState {
  const noOrder = explainNoOrder(text)
  if (noOrder !== undefined) throw new InvalidArgumentError(`${noOrder}.`)
  const state = BACKEND_STATES.find((each) => each === text)
  if (state === undefined) throw new InvalidArgumentError(`Allowed choices are ${BACKEND_STATES.join(', ')}.`)
  return state
}
