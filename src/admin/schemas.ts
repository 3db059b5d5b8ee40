/**
 * Shapes of the API, for judging what callers send and for the OpenAPI document. Answers are described strictly: a field
 * that is not here is a bug.
 */
import { z } from 'zod'
import { explainAddressRange } from '../address-set.js'
import { LONGEST_DURATION_MS } from '../config/fields.js'
import { LOG_LEVELS } from '../config/log-schema.js'
import type { DrainResult, Killed, Reloaded } from './control.js'

const count = z.int().min(0)
const ms = z.number().min(0)
const name = z.string().min(1).max(300)
const MOST_IDS = 1000
const duration = z.int().min(0).max(LONGEST_DURATION_MS)
const MOST_LISTED = 1000

const range = z.string().superRefine((text, context) => {
  const message = explainAddressRange(text)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})

const filter = {
  listener: name.optional(),
  cluster: name.optional(),
  backend: name.optional().describe('as configured'),
  client: range.optional().describe('addresses such as 10.0.0.0/8, 192.0.2.1 or unix'),
  idleForMs: duration.optional(),
  olderThanMs: duration.optional(),
}

const inDigits = z
  .string()
  .regex(/^\d{1,10}$/, 'expected a whole number')
  .transform(Number)

/** Of a query string: everything is text. */
export const connectionQuery = z.strictObject({
  ...filter,
  id: z.union([name, z.array(name).max(MOST_IDS)]).optional(),
  idleForMs: inDigits.pipe(duration).optional(),
  olderThanMs: inDigits.pipe(duration).optional(),
  sort: z.enum(['rate', 'bytes', 'age', 'idle']).optional().describe('most first; default rate'),
  limit: inDigits.pipe(z.int().min(1).max(MOST_LISTED)).optional().describe('default 100'),
})

/** That something is to happen to everything has to be said. */
const ALL = { all: z.literal(true).optional().describe('everything; needed where nothing else is said') }
const sayAll = 'say what it is about, or "all": true'
const saysWhat = (order: object): boolean => Object.keys(order).length > 0
const sayAllAlone = '"all": true is everything: say it alone'
const saysAllAlone = (order: { all?: true | undefined }): boolean =>
  order.all === undefined || Object.keys(order).length === 1

export const killOrder = z
  .strictObject({ ...filter, ids: z.array(name).min(1).max(MOST_IDS).optional(), ...ALL })
  .refine(saysWhat, sayAll)
  .refine(saysAllAlone, sayAllAlone)

export const drainOrder = z
  .strictObject({
    listener: name.optional(),
    cluster: name.optional(),
    backend: name.optional().describe('as configured; only with cluster'),
    deadlineMs: duration.optional().describe("default: the config's drainMs; 0: never"),
    spreadMs: duration
      .optional()
      .describe('ended one after another this long before the deadline; default: half of it'),
    ...ALL,
  })
  .refine(({ deadlineMs, spreadMs, ...what }) => saysWhat(what), sayAll)
  .refine(({ deadlineMs, spreadMs, ...what }) => saysAllAlone(what), sayAllAlone)

export const backendChange = z
  .strictObject({
    state: z.enum(['up', 'down', 'drain']).optional(),
    weight: z.int().min(0).max(1000).optional(),
  })
  .refine(saysWhat, 'expected a state, a weight or both')

export const logLevel = z.strictObject({ level: z.enum(LOG_LEVELS as [string, ...string[]]) })

export const log = z.strictObject({ level: z.string(), file: z.string().optional() })

export const nothing = z.strictObject({})

export const killed = z.strictObject({ killed: count }) satisfies z.ZodType<Killed>

export const drained = z.strictObject({
  finished: count,
  closed: count,
  cut: count,
  cancelled: z.literal(true).optional().describe('called off before it was done; those left go on'),
}) satisfies z.ZodType<DrainResult>

export const reloaded = z.strictObject({
  changed: z.array(z.string()),
  needsRestart: z.array(z.string()),
}) satisfies z.ZodType<Reloaded>

const traffic = {
  bytesUp: count,
  bytesDown: count,
  splicedUp: count,
  splicedDown: count,
  receivedUp: count,
  receivedDown: count,
}

const histogram = z.strictObject({
  bounds: z.array(z.number()),
  counts: z.array(count),
  sum: z.number(),
})

export const listener = z.strictObject({
  name,
  address: z.string(),
  isListening: z.boolean(),
  isLeaving: z.boolean().describe('in no config any more; here for the connections it has'),
  active: count,
  accepted: count,
  acceptPauses: count,
  traffic: z.strictObject(traffic),
  ended: count,
  seconds: histogram,
  notSpliced: z.array(z.strictObject({ reason: z.string(), connections: count, bytes: count })),
  pipeErrors: z.array(z.strictObject({ side: z.enum(['client', 'backend']), errno: z.string(), count })),
})

const backendFields = {
  address: z.string(),
  weight: count,
  setTo: z.enum(['up', 'down', 'drain']),
  state: z.enum(['up', 'down', 'unresolved']),
  restingMs: ms,
  resolved: z.array(z.string()),
  active: count,
  connections: count,
  failures: count,
  lastError: z.string().optional(),
}
export const backendStatus = z.strictObject(backendFields)
export const backend = z.strictObject({
  ...backendFields,
  isLeaving: z.boolean().describe('in no config any more; here for the connections it has'),
  traffic: z.strictObject(traffic),
  connectSeconds: histogram,
  firstByteSeconds: histogram,
})

export const cluster = z.strictObject({
  name,
  isLeaving: z.boolean().describe('in no config any more; here for the connections it has'),
  traffic: z.strictObject(traffic),
  active: count,
  ended: count,
  retries: count,
  connectSeconds: histogram,
  firstByteSeconds: histogram,
  backends: z.array(backend),
  pastBackends: z.array(backend).describe('in no config any more, and without connections'),
})

const process = z.strictObject({
  pid: count,
  cpuSeconds: z.number(),
  residentBytes: count.optional(),
  heapBytes: count,
  openFds: count.optional(),
  mostFds: count.optional(),
})

export const status = z.strictObject({
  state: z.enum(['new', 'running', 'draining', 'stopped']),
  version: z.string(),
  startedAt: z.iso.datetime().optional(),
  workers: count,
  workersWanted: count,
  workersSilent: count,
  workerDeaths: count,
  workersDiffer: z.array(z.string()),
  cpuSeconds: z.number(),
  eventLoopDelaySeconds: histogram.optional(),
  engine: z.enum(['kernel', 'stream']),
  notSplicing: z.string().optional(),
  logLevel: z.string(),
  logFile: z.string().optional(),
  listeners: z.array(listener),
  clusters: z.array(cluster),
  pastListeners: z.array(listener).describe('in no config any more, and without connections'),
  pastClusters: z.array(cluster).describe('in no config any more, and without connections'),
  connections: z.strictObject({ active: count, ended: count, ...traffic }),
  endings: z.array(
    z.strictObject({
      listener: name,
      cluster: z.string(),
      by: z.enum(['client', 'backend', 'proxy']),
      phase: z.enum(['opening', 'connect', 'response', 'data']),
      cause: z.string(),
      count,
      isError: z.boolean(),
    }),
  ),
  drains: z.array(
    z.strictObject({
      scope: z.strictObject({
        listener: name.optional(),
        cluster: name.optional(),
        backend: name.optional(),
      }),
      left: count,
      deadlineAt: z.iso.datetime().optional(),
    }),
  ),
  pipes: z.strictObject({
    promotions: count,
    demotions: count,
    urgentFallbacks: count,
    pipesRefused: count,
    splicesRefused: count,
    infiniteLoops: count,
    sinkFull: count,
  }),
  kernel: z
    .strictObject({
      descriptors: count,
      pipesInUse: count,
      pipesIdle: count,
      pipesRefused: count,
      pipesDowngraded: count,
      pinnedBytes: count,
      pinnedBudgetBytes: count,
      splices: count,
    })
    .optional(),
  records: z.strictObject({ written: count, skipped: count, dropped: count }),
  config: z.strictObject({ loadedAt: z.iso.datetime(), reloads: count, failedReloads: count }),
  processes: z.array(process),
  unavailable: z.array(z.string()),
})

const direction = z.strictObject({
  bytes: count,
  splicedBytes: count,
  bytesPerSecond: z.number(),
  carrier: z.enum(['kernel', 'copy', 'stream']).optional(),
  notSplicing: z.string().optional(),
})

export const connection = z.strictObject({
  id: z.string(),
  listener: name,
  protocol: z.string(),
  client: z.string(),
  cluster: name.optional(),
  backend: z.string().optional(),
  backendAddress: z.string().optional(),
  sni: z.string().optional(),
  phase: z.enum(['opening', 'connect', 'response', 'data']),
  startedAt: z.iso.datetime(),
  ageMs: count,
  idleMs: count,
  up: direction,
  down: direction,
})

export const connectionList = z.strictObject({ matched: count, connections: z.array(connection) })
