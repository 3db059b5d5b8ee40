/**
 * A change at run time: one thing that is added to the config of a running process, or removed from it. Plain data. It passes
 * through the API, between processes, and into the state file. Pure.
 */
import { type Address, formatAddress, parseAddress } from '../../address.js'
import { activatedSockets } from '../../io/listening/activated-sockets.js'
import { isMap, itemsOf, valueAt, valueWithin } from '../checks/unchecked.js'
import { withLists } from '../lists.js'

/** A value as a config file has it. Nobody has checked it yet. */
export type Spec = unknown

export type Change =
  | { readonly do: 'add-backend'; readonly cluster: string; readonly spec: Spec }
  | { readonly do: 'remove-backend'; readonly cluster: string; readonly backend: string }
  | { readonly do: 'add-cluster'; readonly cluster: string; readonly spec: Spec }
  | { readonly do: 'remove-cluster'; readonly cluster: string }
  | { readonly do: 'add-listener'; readonly spec: Spec }
  | { readonly do: 'remove-listener'; readonly listener: string }
  /** `at`: the index of the route in the list, from 0. Undefined: it becomes the last one. */
  | {
      readonly do: 'add-route'
      readonly listener: string
      readonly spec: Spec
      readonly at?: number | undefined
    }
  /** Removes all routes with exactly these conditions. Only the first of them gets clients. */
  | { readonly do: 'remove-route'; readonly listener: string; readonly spec: Spec }

/** An addition to a list of changes. `replaces`: the config file has another thing of this name. */
export type KeptChange = Change & { readonly replaces?: true | undefined }

/** Most changes that a process keeps. */
export const MOST_CHANGES = 10_000

/** What a route does with clients, beside the conditions for them. */
const DECISIONS: ReadonlySet<string> = new Set(['cluster', 'reject', 'http'])

export const isAddition = (change: Change): boolean => change.do.startsWith('add-')

/** Changes with the same key are about the same thing. */
export function keyOf(change: Change): string {
  return JSON.stringify([kindOf(change), ...namesOf(change)])
}

/** Whether the thing of `change` is inside the cluster or the listener of `outer`. */
export function isInside(change: Change, outer: Change): boolean {
  const [kind, inner] = [kindOf(change), kindOf(outer)]
  const isNested = (kind === 'backend' && inner === 'cluster') || (kind === 'route' && inner === 'listener')
  return isNested && namesOf(change)[0] === namesOf(outer)[0]
}

/** For people, such as `add backend app/10.0.0.5:8080`. */
export function describeChange(change: Change): string {
  const [verb] = change.do.split('-')
  return `${verb} ${describeThing(change)}`
}

/** The same without the verb. */
export function describeThing(change: Change): string {
  return `${kindOf(change)} ${namesOf(change).join('/')}`
}

/** The name of a backend as the catalogue has it. `srv` and names that expand have theirs. */
export function backendName(spec: Spec): string {
  const address = typeof spec === 'string' ? spec : valueAt(spec, 'address')
  if (typeof address !== 'string') return String(valueAt(spec, 'srv') ?? '')
  const parsed = parseAddress(address)
  return typeof parsed === 'string' ? address : formatAddress(parsed)
}

/** The name that a listener has, given or by its address. */
export function listenerName(spec: Spec): string {
  const name = valueAt(spec, 'name')
  if (typeof name === 'string') return name
  const address = valueAt(spec, 'address') ?? itemsOf(valueAt(spec, 'addresses'))[0]
  if (typeof address !== 'string') return ''
  const parsed = listenerAddress(address)
  return typeof parsed === 'string' ? address : formatAddress(parsed)
}

/** As `parseListenerAddress` reads it. Workers need this file, and load no schema. */
function listenerAddress(text: string): Address | string {
  if (text.startsWith('fd:')) return activatedSockets.find(text.slice('fd:'.length))
  const address = parseAddress(text)
  if (typeof address === 'string' || address.kind === 'unix') return address
  return address.host.toLowerCase() === 'localhost' ? { ...address, host: '127.0.0.1' } : address
}

/** The conditions of a route, in one order, as a text. */
export function conditionsOf(spec: Spec): string {
  if (!isMap(spec)) return ''
  const conditions = Object.entries(spec).filter(
    ([key, value]) => !DECISIONS.has(key) && value !== undefined && value !== null,
  )
  return conditions
    .map(([key, value]) => `${key}=${conditionText(value)}`)
    .sort()
    .join(' ')
}

/** The change with a list wherever its spec has one value in place of a list. Later changes inside of it look for lists. */
export function listedChange<Any extends Change>(change: Any): Any {
  if (change.do === 'add-cluster') {
    const listed = withLists({ clusters: { spec: change.spec } })
    return { ...change, spec: valueWithin(listed, ['clusters', 'spec']) }
  }
  if (change.do !== 'add-listener') return change
  return { ...change, spec: valueWithin(withLists({ listeners: [change.spec] }), ['listeners', 0]) }
}

/** Whether two specs say the same, however they are written. */
export function isSameSpec(a: Spec, b: Spec): boolean {
  return canonical(longForm(a)) === canonical(longForm(b))
}

/** One text and a list with this text are the same condition. So are lists in another order. */
const conditionText = (value: unknown): string =>
  isMap(value) ? canonical(value) : [value].flat().map(plainText).sort().join(',')

/** Quoted if it could be taken for more than one text. */
function plainText(item: unknown): string {
  const text = String(item)
  return /[\s,="]/.test(text) ? JSON.stringify(text) : text
}

const longForm = (spec: Spec): Spec => (typeof spec === 'string' ? { address: spec } : spec)

/** Texts of equal values are equal. The order of keys does not matter. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    isMap(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
  )
}

type Kind = 'backend' | 'cluster' | 'listener' | 'route'

const kindOf = (change: Change): Kind => change.do.slice(change.do.indexOf('-') + 1) as Kind

function namesOf(change: Change): readonly string[] {
  switch (change.do) {
    case 'add-backend':
      return [change.cluster, backendName(change.spec)]
    case 'remove-backend':
      return [change.cluster, backendName(change.backend)]
    case 'add-cluster':
    case 'remove-cluster':
      return [change.cluster]
    case 'add-listener':
      return [listenerName(change.spec)]
    case 'remove-listener':
      return [change.listener]
    case 'add-route':
    case 'remove-route':
      return [change.listener, conditionsOf(change.spec)]
  }
}
