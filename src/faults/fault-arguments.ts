/** The door of `faultyProxy`: its options, and each fault by a table of its kind. What it returns are copies. */
import { type Address, parseAddress } from '../address.js'
import {
  badArgument,
  choice,
  type Door,
  flag,
  type Kind,
  readArgument,
  readOptions,
  show,
  text,
  whole,
} from '../arguments.js'
import { nearestOf } from '../nearest.js'
import type { After, Direction, Fault, FaultKind } from './fault.js'
import { MOST_HELD_BYTES } from './faulty-direction.js'
import type { Faults, FaultyProxyOptions } from './options.js'
import { FAULT_KINDS, randomFaults } from './random-faults.js'

export interface ReadOptions {
  readonly to: Address
  readonly listen: Address
  readonly faults: Faults
}

const NAME = 'faultyProxy'
const MOST_FAULTS = 100
const LONGEST_MS = 86_400_000

/** Values that have checks of their own. */
const anything = <Value>(wanted: string): Kind<Value> => ({
  wanted,
  accepts: (value): value is Value => value !== undefined,
})

const fromZero = whole(0, Number.MAX_SAFE_INTEGER)
const fromOne = whole(1, Number.MAX_SAFE_INTEGER)
const ms = whole(0, LONGEST_MS)
const oneDirection = choice<Direction>(['up', 'down'])
const begins = { after: anything<After>('{ bytes, direction } or { ms }') }
const inDirection = { ...begins, direction: choice<Direction | 'both'>(['up', 'down', 'both']) }

type Fields = { readonly [Name in FaultKind]: Door<Extract<Fault, { do: Name }>>['fields'] }

const FIELDS: Fields = {
  delay: { do: choice(['delay']), ms, ...inDirection },
  throttle: { do: choice(['throttle']), bytesPerSecond: fromOne, burstBytes: fromOne, ...inDirection },
  split: { do: choice(['split']), bytes: fromOne, gapMs: ms, ...inDirection },
  join: { do: choice(['join']), bytes: whole(1, MOST_HELD_BYTES), ms, ...inDirection },
  hang: { do: choice(['hang']), reads: flag, ...inDirection },
  halfClose: { do: choice(['halfClose']), after: begins.after, direction: oneDirection },
  close: { do: choice(['close']), ...begins },
  reset: { do: choice(['reset']), ...begins },
  refuse: { do: choice(['refuse']) },
}

const REQUIRED: { readonly [Name in FaultKind]?: readonly string[] } = {
  delay: ['ms'],
  throttle: ['bytesPerSecond'],
  split: ['bytes'],
  join: ['bytes', 'ms'],
  halfClose: ['direction'],
}

/** The names that toxiproxy has for these kinds, and a few others. */
const ALSO_CALLED: Readonly<Record<string, FaultKind>> = {
  latency: 'delay',
  bandwidth: 'throttle',
  slicer: 'split',
  timeout: 'hang',
  reset_peer: 'reset',
  limit_data: 'close',
  cut: 'close',
  end: 'halfClose',
}

const kind: Kind<FaultKind> = {
  ...choice(FAULT_KINDS),
  hint: (value) => {
    if (typeof value !== 'string') return undefined
    const meant = Object.hasOwn(ALSO_CALLED, value) ? ALSO_CALLED[value] : nearestOf(value, FAULT_KINDS)
    return meant === undefined ? undefined : `did you mean "${meant}"?`
  },
}

const OPTIONS: Door<FaultyProxyOptions> = {
  name: NAME,
  argument: 'options',
  fields: {
    to: text('an address such as "127.0.0.1:5432"'),
    listen: text('an address such as "127.0.0.1:0"'),
    faults: anything<Faults>('a list of faults or a function'),
    seed: whole(0, 2 ** 32 - 1),
    kinds: anything<readonly FaultKind[]>('a list of kinds of faults'),
  },
  required: ['to'],
  alsoCalled: {
    target: 'to',
    upstream: 'to',
    backend: 'to',
    address: 'listen',
    port: 'listen',
    toxics: 'faults',
  },
}

interface AfterFields {
  readonly bytes?: number | undefined
  readonly direction?: Direction | undefined
  readonly ms?: number | undefined
}

/** @throws MillraceError `bad-argument` */
export function readFaultyProxyOptions(given: unknown): ReadOptions {
  const { to, listen = '127.0.0.1:0', faults, seed, kinds } = readOptions(OPTIONS, given)
  const target = readAddress('options.to', to)
  if (target.kind === 'tcp' && target.port === 0)
    throw badArgument(NAME, 'options.to', `has port 0, found ${show(to)}: write the port of the target`)
  if (seed !== undefined && faults !== undefined)
    throw badArgument(NAME, 'options.seed', 'chooses the faults: leave out either seed or faults')
  if (seed === undefined && kinds !== undefined)
    throw badArgument(NAME, 'options.kinds', 'is for random faults: add seed, such as seed: 7')
  const chosen = kinds === undefined ? FAULT_KINDS : readKinds(kinds)
  return {
    to: target,
    listen: readAddress('options.listen', listen),
    faults:
      seed === undefined
        ? readFaults(NAME, 'options.faults', faults ?? [])
        : (_, index) => randomFaults(seed, index, chosen),
  }
}

/** A function passes unchanged. @throws MillraceError `bad-argument` */
export function readFaults(name: string, path: string, given: unknown): Faults {
  return typeof given === 'function' ? (given as Faults) : readFaultList(name, path, given)
}

/** @throws MillraceError `bad-argument` */
export function readFaultList(name: string, path: string, given: unknown): readonly Fault[] {
  return readList(name, path, 'a list of faults', given).map((each, index) =>
    readFault(name, `${path}[${index}]`, each),
  )
}

function readFault(name: string, path: string, given: unknown): Fault {
  const chosen = readArgument(name, `${path}.do`, kind, readKind(name, path, given))
  const required = REQUIRED[chosen] ?? []
  const door = { name, argument: path, fields: FIELDS[chosen], required } as Door<Fault>
  const fault: Fault = readOptions(door, given) as Fault
  if (!('after' in fault)) return fault
  return { ...fault, after: readAfter(name, `${path}.after`, fault.after) }
}

function readKind(name: string, path: string, given: unknown): unknown {
  if (typeof given !== 'object' || given === null)
    throw badArgument(name, path, `expected a fault such as { do: 'reset' }, found ${show(given)}`)
  try {
    return Reflect.get(given, 'do')
  } catch (cause) {
    throw badArgument(name, `${path}.do`, 'cannot be read, because it throws', cause)
  }
}

function readAfter(name: string, path: string, given: unknown): After {
  const fields = { bytes: fromZero, direction: oneDirection, ms }
  const door: Door<AfterFields> = { name, argument: path, fields, alsoCalled: { delayMs: 'ms' } }
  const { bytes, direction, ms: time } = readOptions(door, given)
  if (bytes !== undefined && direction !== undefined && time === undefined) return { bytes, direction }
  if (time !== undefined && bytes === undefined && direction === undefined) return { ms: time }
  throw badArgument(name, path, "expected { bytes: 1000, direction: 'down' } or { ms: 1000 }")
}

function readKinds(given: unknown): readonly FaultKind[] {
  return readList(NAME, 'options.kinds', 'a list of kinds of faults', given).map((each, index) =>
    readArgument(NAME, `options.kinds[${index}]`, kind, each),
  )
}

function readList(name: string, path: string, wanted: string, given: unknown): readonly unknown[] {
  if (!Array.isArray(given)) throw badArgument(name, path, `expected ${wanted}, found ${show(given)}`)
  try {
    if (given.length <= MOST_FAULTS) return Array.from<unknown>(given)
  } catch (cause) {
    throw badArgument(name, path, 'cannot be read, because it throws', cause)
  }
  throw badArgument(name, path, `has ${given.length} entries: write at most ${MOST_FAULTS}`)
}

function readAddress(path: string, given: string): Address {
  const address = parseAddress(given)
  if (typeof address === 'string') throw badArgument(NAME, path, address)
  return address
}
