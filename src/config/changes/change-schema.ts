/**
 * Changes as callers of the API, the state file and another process write them. What a spec says is checked with the whole config.
 */
import * as z from 'zod'
import { type Change, type KeptChange, MOST_CHANGES } from './change.js'

const name = z.string().min(1).max(300)
const cluster = name.describe('the name of the cluster')
const listener = name.describe('the name of the listener')
const spec = (what: string) =>
  z.union([z.string().max(300), z.record(z.string(), z.unknown())]).describe(what)
const map = (what: string) => z.record(z.string(), z.unknown()).describe(what)

const ADD_BACKEND = {
  do: z.literal('add-backend'),
  cluster,
  spec: spec('an address, or a backend as in the config'),
}
const ADD_CLUSTER = { do: z.literal('add-cluster'), cluster, spec: map('a cluster as in the config') }
const ADD_LISTENER = { do: z.literal('add-listener'), spec: map('a listener as in the config') }
const ADD_ROUTE = {
  do: z.literal('add-route'),
  listener,
  spec: map('a route as in the config'),
  at: z.int().min(0).max(100_000).optional().describe('its index in the list, from 0; default: the last one'),
}
const REMOVALS = [
  z.strictObject({
    do: z.literal('remove-backend'),
    cluster,
    backend: name.describe('its address as in the config'),
  }),
  z.strictObject({ do: z.literal('remove-cluster'), cluster }),
  z.strictObject({ do: z.literal('remove-listener'), listener }),
  z.strictObject({
    do: z.literal('remove-route'),
    listener,
    spec: map('the conditions of the route, as in the config'),
  }),
] as const

/** A change as an operator orders it. */
export const changeSchema = z.discriminatedUnion('do', [
  z.strictObject(ADD_BACKEND),
  z.strictObject(ADD_CLUSTER),
  z.strictObject(ADD_LISTENER),
  z.strictObject(ADD_ROUTE),
  ...REMOVALS,
]) satisfies z.ZodType<Change>

const replaces = z.literal(true).optional()

/** A change as a process keeps it. */
export const keptChange = z.discriminatedUnion('do', [
  z.strictObject({ ...ADD_BACKEND, replaces }),
  z.strictObject({ ...ADD_CLUSTER, replaces }),
  z.strictObject({ ...ADD_LISTENER, replaces }),
  z.strictObject({ ...ADD_ROUTE, replaces }),
  ...REMOVALS,
]) satisfies z.ZodType<KeptChange>

/** All that a process keeps. */
export const keptChanges: z.ZodType<KeptChange[]> = z.array(keptChange).max(MOST_CHANGES)
