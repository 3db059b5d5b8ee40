/**
 * The changes at run time that a process keeps, in the order in which they came, at most one about the same thing. A change that
 * takes back an earlier one ends it. Pure.
 */
import { type Applied, applyChange } from './apply.js'
import {
  backendName,
  type Change,
  isAddition,
  isInside,
  type KeptChange,
  keyOf,
  listenerName,
} from './change.js'

/** Applies a change of a list. One that replaces something else removes it first. */
export function applyKept(input: unknown, change: KeptChange): Applied {
  const applied = applyChange(input, change)
  if (!change.replaces || applied.kind !== 'present' || applied.isSame) return applied
  const removal = applyChange(input, removalOf(change))
  return applyChange(removal.kind === 'done' ? removal.input : input, change)
}

/** The input with those changes of the list that have an effect. */
function applyAll(input: unknown, list: readonly KeptChange[]): unknown {
  return list.reduce((present, change) => {
    const applied = applyKept(present, change)
    return applied.kind === 'done' ? applied.input : present
  }, input)
}

/**
 * The list with one more change. `base`: the input of the config without changes. The change must have an effect on what the list
 * makes of it. Changes inside a cluster or a listener end when it is removed, and when another one of its name is added.
 */
export function withChange(
  list: readonly KeptChange[],
  change: Change,
  base: unknown,
): readonly KeptChange[] {
  const key = keyOf(change)
  const before = list.find((each) => keyOf(each) === key)
  const others = list.filter((each) => each !== before && !isInside(each, change))
  return isAddition(change) ? added(others, change, before, base) : removed(others, change, before)
}

/** What an operator has removed and adds again is as it was, or replaces what was there. */
function added(
  others: readonly KeptChange[],
  change: Change,
  before: KeptChange | undefined,
  base: unknown,
): readonly KeptChange[] {
  if (before === undefined) return [...others, change]
  const without = applyChange(applyAll(base, others), change)
  const isAsItWas = without.kind === 'present' && without.isSame
  return isAsItWas ? others : [...others, { ...change, replaces: true }]
}

/** A removal that is there and has had no effect stays. */
function removed(
  others: readonly KeptChange[],
  change: Change,
  before: KeptChange | undefined,
): readonly KeptChange[] {
  const isTakenBack = before !== undefined && isAddition(before) && !before.replaces
  return isTakenBack ? others : [...others, change]
}

function removalOf(change: KeptChange): Change {
  switch (change.do) {
    case 'add-backend':
      return { do: 'remove-backend', cluster: change.cluster, backend: backendName(change.spec) }
    case 'add-cluster':
      return { do: 'remove-cluster', cluster: change.cluster }
    case 'add-listener':
      return { do: 'remove-listener', listener: listenerName(change.spec) }
    case 'add-route':
      return { do: 'remove-route', listener: change.listener, spec: change.spec }
    default:
      return change
  }
}
