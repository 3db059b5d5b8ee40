/**
 * One config of a config file and of the changes that operators have made at run time. A change that the file has by now ends. A
 * change that does not fit the file is set aside: it has no effect, and is tried again with the next file. Pure but for what the
 * checks of a config read.
 */
import { type Finding, formatPath, type Path } from '../checks/path.js'
import { itemsOf, valueAt, valueWithin } from '../checks/unchecked.js'
import type { Config } from '../schema.js'
import { judge } from '../validate.js'
import type { Applied } from './apply.js'
import {
  type Change,
  describeChange,
  isAddition,
  isInside,
  isSameSpec,
  type KeptChange,
  listenerName,
} from './change.js'
import { applyKept } from './change-list.js'

/** What a file says, checked by itself. */
export interface Base {
  readonly input: unknown
  readonly config: Config
}

export interface SetAside {
  readonly change: KeptChange
  readonly why: string
}

export interface Combined extends Base {
  /** Changes that have an effect. */
  readonly kept: readonly KeptChange[]
  /** Changes without an effect. */
  readonly aside: readonly SetAside[]
  /** Changes that the file has by now. `differs`: with other values, which hold. */
  readonly ended: readonly { readonly change: KeptChange; readonly differs: boolean }[]
}

interface Placed {
  readonly change: KeptChange
  readonly at: Path
}

/** Each round costs a check of the whole config. */
const MOST_ROUNDS = 4

export function combine(base: Base, list: readonly KeptChange[]): Combined {
  const aside: SetAside[] = []
  let candidates = list
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const { input, placed, ended, misfits } = applyInOrder(base.input, candidates)
    const config = placed.length === 0 ? base.config : undefined
    const verdict = config === undefined ? judge(input) : { config }
    if ('config' in verdict) {
      const inOrder = list.flatMap(
        (change) => [...aside, ...misfits].find((each) => each.change === change) ?? [],
      )
      return {
        input,
        config: verdict.config,
        kept: placed.map(({ change }) => change),
        aside: inOrder,
        ended,
      }
    }
    aside.push(...blame(placed, verdict.findings, input))
    candidates = list.filter((change) => aside.every((each) => each.change !== change))
  }
  const why = 'the config file and the changes do not fit together'
  return { ...base, kept: [], aside: list.map((change) => ({ change, why })), ended: [] }
}

function applyInOrder(base: unknown, list: readonly KeptChange[]) {
  const placed: Placed[] = []
  const ended: { change: KeptChange; differs: boolean }[] = []
  const misfits: SetAside[] = []
  let input = base
  for (const change of list) {
    const applied = applyKept(input, change)
    if (applied.kind === 'done') {
      input = applied.input
      placed.push({ change, at: applied.at })
    } else if (applied.kind === 'present') ended.push({ change, differs: !applied.isSame })
    else if (isAddition(change)) misfits.push({ change, why: explainMissing(applied) })
    else ended.push({ change, differs: false })
  }
  const same = replacementsInFile(base, input, placed)
  if (same.length === 0) return { input, placed, ended, misfits }
  const rest = placed.filter((each) => !same.includes(each))
  return {
    input,
    placed: rest,
    ended: [...ended, ...same.map(({ change }) => ({ change, differs: false }))],
    misfits,
  }
}

/**
 * Clusters and listeners that an operator has put in the place of others, and that the file has by now, with all changes inside
 * them.
 */
function replacementsInFile(base: unknown, input: unknown, placed: readonly Placed[]): Placed[] {
  const same = placed.filter(({ change }) => {
    if (!change.replaces) return false
    const [before, after] = [thingOf(base, change), thingOf(input, change)]
    return before !== undefined && after !== undefined && isSameSpec(before, after)
  })
  return placed.filter(({ change }) =>
    same.some((each) => each.change === change || isInside(change, each.change)),
  )
}

/** Undefined: there is none, or it is another kind of thing. */
function thingOf(input: unknown, change: Change): unknown {
  if (change.do === 'add-cluster') return valueAt(valueAt(input, 'clusters'), change.cluster)
  if (change.do !== 'add-listener') return undefined
  const name = listenerName(change.spec)
  return itemsOf(valueAt(input, 'listeners')).find((each) => listenerName(each) === name)
}

function explainMissing({ what, name }: Extract<Applied, { kind: 'missing' }>): string {
  return `there is no ${what} ${JSON.stringify(name)}`
}

/**
 * The changes that the findings are about: additions first, then removals. If they are about none, all of them, because the file is
 * good by itself.
 */
function blame(placed: readonly Placed[], findings: readonly Finding[], input: unknown): SetAside[] {
  const accuse = (isAbout: (finding: Finding, placed: Placed) => boolean): SetAside[] =>
    placed.flatMap((each): SetAside[] => {
      const finding = findings.find((one) => isAbout(one, each))
      return finding === undefined ? [] : [{ change: each.change, why: whyOf(finding) }]
    })
  const additions = accuse(({ path }, each) => isWhatItAdded(path, each, input))
  if (additions.length > 0) return additions
  const removals = accuse(({ path }, each) => isWhereItRemoved(path, each, input))
  return removals.length > 0 ? removals : accuse(() => true)
}

/** Later changes can move it within its list, but it is the same value. */
function isWhatItAdded(path: Path, { change, at }: Placed, input: unknown): boolean {
  if (!('spec' in change) || !isAddition(change)) return false
  const place = path.slice(0, at.length)
  return (
    at.slice(0, -1).every((key, index) => place[index] === key) && valueWithin(input, place) === change.spec
  )
}

function isWhereItRemoved(path: Path, { change, at }: Placed, input: unknown): boolean {
  if (isAddition(change)) return false
  if (change.do === 'remove-cluster') return valueWithin(input, path) === change.cluster
  const owner = at.length > 1 ? at.slice(0, -1) : at
  return owner.every((key, index) => path[index] === key)
}

const whyOf = ({ path, message }: Finding): string =>
  [formatPath(path), message].filter((each) => each !== '').join(': ')

/** For the log and the answer to a reload. */
export const describeAside = ({ change, why }: SetAside): string => `${describeChange(change)}: ${why}`
