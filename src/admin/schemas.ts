/**
 * Shapes of the API's answers, for the OpenAPI document. They are described strictly: a field that is not here is a bug.
 */
import { z } from 'zod'
import type { DrainResult, Killed, Reloaded } from '../control/answers.js'
import { name } from '../control/order-schemas.js'

const count = z.int().min(0)
const ms = z.number().min(0)

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
