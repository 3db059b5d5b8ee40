/**
 * Orders as callers of the API send them, in JSON or in a query string: the type and range of every field,
 * and the sentences for what `faults.ts` finds. The OpenAPI document is made from these too.
 */
import * as z from 'zod'
import { explainAddressRange, explainNetwork } from '../address-set.js'
import { changeSchema } from '../config/changes/change-schema.js'
import { LONGEST_DURATION_MS } from '../config/constants.js'
import { LOG_LEVELS } from '../config/schemas/log-schema.js'
import {
  type AllFault,
  type BanFault,
  type ChangeFault,
  faultOfBan,
  faultOfChange,
  faultOfKill,
  faultOfRate,
  faultOfTarget,
  faultOfTimes,
  faultOfUnban,
} from './faults.js'
import {
  BACKEND_STATES,
  type BackendChange,
  type BanOrder,
  type BanQuery,
  type ChangeOrder,
  CONNECTION_SORTS,
  type ConnectionFilter,
  DEFAULT_LISTED,
  type DrainOrder,
  explainNoOrder,
  type FromOutside,
  type HoldOrder,
  LEAST_RATE,
  LISTENER_STATES,
  type ListenerChange,
  MOST_LISTED,
  MOST_ORDERED_CHANGES,
  MOST_RATE,
  MOST_WEIGHT,
  MOST_WHY_CHARS,
  type RateOrder,
  SOURCE_SORTS,
  type UnbanOrder,
} from './orders.js'

/** The name of a listener or cluster, the address of a backend, or the id of a connection. */
export const name = z.string().min(1).max(300)
const MOST_IDS = 1000
const duration = z.int().min(0).max(LONGEST_DURATION_MS)

const range = z.string().superRefine((text, context) => {
  const message = explainAddressRange(text)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})

const filter = {
  listener: name.optional(),
  cluster: name.optional(),
  backend: name.optional().describe('the address as in the config'),
  client: range.optional().describe('addresses such as 10.0.0.0/8, 192.0.2.1 or unix'),
  tag: name.optional().describe('KEY=VALUE, or a key with any value'),
  idleForMs: duration.optional(),
  olderThanMs: duration.optional(),
}

const inDigits = z
  .string()
  .regex(/^\d{1,10}$/, 'expected a whole number')
  .transform(Number)

/** For a query string, in which every value is text. */
export const connectionQuery = z.strictObject({
  ...filter,
  id: z.union([name, z.array(name).max(MOST_IDS)]).optional(),
  idleForMs: inDigits.pipe(duration).optional(),
  olderThanMs: inDigits.pipe(duration).optional(),
  sort: z.enum(CONNECTION_SORTS).optional().describe('the highest first; default rate'),
  limit: inDigits.pipe(z.int().min(1).max(MOST_LISTED)).optional().describe(`default ${DEFAULT_LISTED}`),
})

/** For a query string. */
export const sourceQuery = z.strictObject({
  scope: name.optional().describe('process, listener/NAME or cluster/NAME'),
  sort: z.enum(SOURCE_SORTS).optional().describe('the highest first; default connections'),
  limit: inDigits.pipe(z.int().min(1).max(MOST_LISTED)).optional().describe(`default ${DEFAULT_LISTED}`),
})

const ALL = {
  all: z.literal(true).optional().describe('everything; needed if no other field names something'),
}

const ALL_FAULTS: Readonly<Record<AllFault, string>> = {
  'nothing-named': 'name what you mean, or send "all": true',
  'all-and-more': '"all": true means everything: send it alone',
}
const SPREAD_ALONE = 'spreadMs needs a deadlineMs'
const RATE_FAULTS: Readonly<Record<ChangeFault, string>> = {
  'nothing-changed': 'expected up, down or both',
}
const CHANGE_FAULTS: Readonly<Record<ChangeFault, string>> = {
  'nothing-changed': 'expected a state, a weight or both',
}

export const killOrder = z
  .strictObject({ ...filter, ids: z.array(name).min(1).max(MOST_IDS).optional(), ...ALL })
  .superRefine((order, context) => refuse(faultOfKill(order), ALL_FAULTS, context)) satisfies z.ZodType<
  FromOutside<ConnectionFilter>
>

/** The scope, and whether the spread fits the deadline, are checked where the order is carried out. */
export const drainOrder = z
  .strictObject({
    listener: name.optional(),
    cluster: name.optional(),
    backend: name.optional().describe('the address as in the config; needs cluster'),
    deadlineMs: duration
      .optional()
      .describe(
        'ms; connections that are left then are cut; 0: none is cut; default: the answer comes at once',
      ),
    spreadMs: duration
      .optional()
      .describe(
        'ms before the deadline in which quiet connections are ended one by one; needs deadlineMs; default: half of it',
      ),
    ...ALL,
  })
  .superRefine((order, context) => {
    refuse(faultOfTarget(order), ALL_FAULTS, context)
    if (faultOfTimes(order) === 'spread-alone') context.addIssue({ code: 'custom', message: SPREAD_ALONE })
  }) satisfies z.ZodType<FromOutside<DrainOrder>>

export const holdOrder = z.strictObject({
  maxMs: z.int().min(1).max(LONGEST_DURATION_MS).describe('ms; then the hold ends by itself'),
  end: z.boolean().optional().describe('also drain the connections that are there; default: they go on'),
}) satisfies z.ZodType<Omit<HoldOrder, 'cluster'>>

export const backendChange = z
  .strictObject({
    state: z.enum(BACKEND_STATES, { error: ({ input }) => explainNoOrder(input) }).optional(),
    weight: z.int().min(0).max(MOST_WEIGHT).optional(),
  })
  .superRefine((change, context) =>
    refuse(faultOfChange(change), CHANGE_FAULTS, context),
  ) satisfies z.ZodType<BackendChange>

const BAN_FAULTS: Readonly<Record<BanFault, string>> = {
  'too-wide': 'wider than /8, or /16 of IPv6: send "all": true if you mean all of these clients',
}

const network = z
  .string()
  .superRefine((text, context) => {
    const message = explainNetwork(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
  .describe('an address or a network, such as 192.0.2.1 or 2001:db8::/32. An address means its source')

/** For a query string. */
export const banQuery = z.strictObject({
  client: network.optional(),
  limit: inDigits.pipe(z.int().min(1).max(MOST_LISTED)).optional().describe(`default ${DEFAULT_LISTED}`),
}) satisfies z.ZodType<BanQuery>

export const banOrder = z
  .strictObject({
    client: network,
    forMs: z.int().min(1).max(LONGEST_DURATION_MS),
    why: z.string().max(MOST_WHY_CHARS).optional(),
    end: z.literal(true).optional().describe('reset the open connections of these clients too'),
    all: z.literal(true).optional().describe('needed for a network wider than /8, or /16 of IPv6'),
  })
  .superRefine((order, context) =>
    refuse(faultOfBan(order), BAN_FAULTS, context),
  ) satisfies z.ZodType<BanOrder>

export const unbanOrder = z
  .strictObject({ client: network.optional(), ...ALL })
  .superRefine((order, context) => refuse(faultOfUnban(order), ALL_FAULTS, context)) satisfies z.ZodType<
  FromOutside<UnbanOrder>
>

export const listenerChange = z.strictObject({
  state: z.enum(LISTENER_STATES),
}) satisfies z.ZodType<ListenerChange>

export const changeOrder = z.strictObject({
  changes: z.array(changeSchema).min(1).max(MOST_ORDERED_CHANGES),
  end: z
    .boolean()
    .optional()
    .describe('also drain the connections of removed backends and clusters; default: they go on'),
}) satisfies z.ZodType<ChangeOrder>

const bytesPerSecond = z
  .union([z.literal(0), z.int().min(LEAST_RATE).max(MOST_RATE)])
  .optional()
  .describe('bytes per second; 0: no limit; default: as before')

export const rateOrder = z
  .strictObject({ up: bytesPerSecond, down: bytesPerSecond })
  .superRefine((order, context) =>
    refuse(faultOfRate(order), RATE_FAULTS, context),
  ) satisfies z.ZodType<RateOrder>

export const logLevel = z.strictObject({ level: z.enum(LOG_LEVELS) })

function refuse<Fault extends string>(
  fault: Fault | undefined,
  sentences: Readonly<Record<Fault, string>>,
  context: z.RefinementCtx,
): void {
  if (fault !== undefined) context.addIssue({ code: 'custom', message: sentences[fault] })
}
