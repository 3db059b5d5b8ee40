/** Random scripts for tables of counts, and what a table answers to each step. */
import fc from 'fast-check'
import type { Key, Want } from '../../../src/limits/counts/counts.js'
import { PROCESS, sourceKey, type Table, type TestClock } from './contract.js'

export type Action =
  | { readonly do: 'take'; readonly worker: number; readonly wants: readonly Want[] }
  /** `which` of all places that are held. */
  | { readonly do: 'leave' | 'give'; readonly which: number }
  | { readonly do: 'adopt'; readonly worker: number; readonly key: Key }
  | { readonly do: 'bytes' | 'demand'; readonly which: number; readonly amount: number }
  | { readonly do: 'add'; readonly key: Key; readonly busyMs: number; readonly amount: number }
  | { readonly do: 'reclaim'; readonly worker: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'day' }
  | { readonly do: 'list' }

interface Place {
  readonly worker: number
  readonly entry: number
}

const SCOPES = ['process', 'listener/a', 'listener/b', 'cluster/a']
const KEYS: readonly Key[] = [
  PROCESS,
  ...SCOPES.slice(1).map((scope) => ({ scope })),
  ...SCOPES.flatMap((scope) => [1, 2, 3].map((number) => sourceKey(number, scope))),
]

const key = fc.constantFrom(...KEYS)
const want: fc.Arbitrary<Want> = fc.record({
  key,
  most: fc.constantFrom(0, 0, 1, 2, 3),
  perSecond: fc.constantFrom(0, 0, 0.5, 1, 3, 7),
  burst: fc.constantFrom(1, 1.5, 2, 5),
})
/** Of each key one. */
const wants = fc.uniqueArray(want, { minLength: 1, maxLength: 3, selector: (each) => KEYS.indexOf(each.key) })

export function actions(workers: number): fc.Arbitrary<Action[]> {
  const worker = fc.nat(workers - 1)
  const which = fc.nat(40)
  const take = fc.record({ do: fc.constant('take' as const), worker, wants })
  const leave = fc.record({ do: fc.constant('leave' as const), which })
  const more = fc.oneof(
    fc.record({
      do: fc.constantFrom('bytes' as const, 'demand' as const),
      worker,
      which,
      amount: fc.nat(1e9),
    }),
    fc.record({ do: fc.constant('add' as const), key, busyMs: fc.nat(2000), amount: fc.nat(1e9) }),
    fc.record({ do: fc.constant('give' as const), which }),
    fc.record({ do: fc.constant('adopt' as const), worker, key }),
    fc.record({ do: fc.constant('reclaim' as const), worker }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 100, 333, 500, 1000, 5000) }),
    fc.record({ do: fc.constant('day' as const) }),
    fc.record({ do: fc.constant('list' as const) }),
  )
  return fc.array(fc.oneof({ arbitrary: take, weight: 4 }, { arbitrary: leave, weight: 3 }, more), {
    minLength: 1,
    maxLength: 60,
  })
}

/** Carries a script out. Returns what the table answers to each step, and then what it knows. */
export function carryOut(table: Table, clock: TestClock, script: readonly Action[]): unknown[] {
  const held: Place[] = []
  const answers = script.map((action) => [
    step(table, clock, action, held),
    KEYS.map((each) => [table.view(0).held(each), table.view(0).look(each)]),
  ])
  return [...answers, listed(table)]
}

/** The numbers of entries say nothing. So the answer has only how many there are. */
function step(table: Table, clock: TestClock, action: Action, held: Place[]): unknown {
  if (action.do === 'pass') return clock.passMs(action.ms)
  if (action.do === 'day') return clock.today++
  if (action.do === 'list') return listed(table)
  if (action.do === 'reclaim') return reclaim(table, action.worker, held)
  if (action.do === 'add') {
    const busyUntil = clock.now() + action.busyMs * 1e6
    return table.view(0).add(action.key, { busyUntil, bytesToday: action.amount })
  }
  if (action.do === 'take') {
    const { worker, wants: asked } = action
    const { entries, ...refusal } = table.view(worker).take(asked)
    held.push(...(entries ?? []).map((entry) => ({ worker, entry })))
    return entries?.length ?? refusal
  }
  if (action.do === 'adopt') return adopt(table, action.worker, action.key, held)
  const at = action.which % held.length
  const place = held[at]
  if (place === undefined) return undefined
  const counts = table.view(place.worker)
  if (action.do === 'bytes') return counts.addBytes(place.entry, action.amount)
  if (action.do === 'demand') return counts.demand(place.entry, action.amount)
  held.splice(at, 1)
  return action.do === 'give' ? counts.give(place.entry) : counts.leave(place.entry)
}

/** A place of the last process that is taken over belongs to this process from now on. */
function adopt(table: Table, worker: number, of: Key, held: Place[]): boolean {
  const entry = table.view(worker).adopt(of)
  if (entry === undefined) return false
  const holders = held.filter((place) => place.entry === entry).map((place) => place.worker)
  const last = Math.max(...holders)
  const at = held.findIndex((place) => place.entry === entry && place.worker === last)
  held.splice(at, 1, { worker, entry })
  return true
}

function reclaim(table: Table, worker: number, held: Place[]): void {
  table.reclaim(worker)
  held.splice(0, held.length, ...held.filter((place) => place.worker !== worker))
}

const listed = (table: Table) =>
  SCOPES.map((scope) => [...table.view(0).sources(scope)].sort((a, b) => (a.source < b.source ? -1 : 1)))
