/**
 * Everything a caller can ask for, in one table. Routes, checks and the OpenAPI document are made from it, so
 * they cannot differ.
 */
import { z } from 'zod'
import type { LogLevel } from '../../config/schemas/log-schema.js'
import type { ConnectionList } from '../../control/answers.js'
import type { Control } from '../../control/control.js'
import { checkNames, namesIn, unknownName } from '../../control/names.js'
import * as orders from '../../control/order-schemas.js'
import type {
  BackendChange,
  ConnectionFilter,
  ConnectionQuery,
  DrainOrder,
  FromOutside,
} from '../../control/orders.js'
import type { ProxyStatus } from '../../observe/status.js'
import * as schemas from './schemas.js'

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `{name}` stands for a part that varies. */
  readonly path: string
  readonly summary: string
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  readonly answer: z.ZodType
  /** The answer comes when the work is done, which may take long. */
  readonly isSlow?: true
  /** Statuses of refusals, besides those that every operation has. */
  readonly refusals?: readonly number[]
  /** The message in the log. Drains and reloads have none: the proxy logs them, whoever orders them. */
  readonly trail?: string
  /** The message is logged before the operation runs, because the operation may turn such messages off. */
  readonly isToldFirst?: true
  run(control: Control, asked: Asked): Promise<unknown>
}

/** A request that has passed all checks. */
export interface Asked {
  /** The varying parts of the path. */
  readonly parts: Readonly<Record<string, string>>
  readonly query: unknown
  readonly body: unknown
  /** Others who ask in the same moment share it. */
  status(): Promise<ProxyStatus>
  connections(query: ConnectionQuery): Promise<ConnectionList>
}

interface Listed {
  readonly id?: string | readonly string[]
}

export const OPERATIONS: readonly Operation[] = [
  {
    method: 'GET',
    path: '/api/v1/status',
    summary: 'Everything counted and measured, per listener, cluster and backend',
    answer: schemas.status,
    run: (_, { status }) => status(),
  },
  {
    method: 'GET',
    path: '/api/v1/listeners',
    summary: 'The listeners',
    answer: z.strictObject({ listeners: z.array(schemas.listener) }),
    run: async (_, { status }) => ({ listeners: (await status()).listeners }),
  },
  {
    method: 'GET',
    path: '/api/v1/clusters',
    summary: 'The clusters with their backends',
    answer: z.strictObject({ clusters: z.array(schemas.cluster) }),
    run: async (_, { status }) => ({ clusters: (await status()).clusters }),
  },
  {
    method: 'GET',
    path: '/api/v1/clusters/{cluster}/backends',
    summary: 'The backends of a cluster',
    answer: z.strictObject({ backends: z.array(schemas.backend) }),
    refusals: [404],
    run: async (_, { parts, status }) => {
      const { cluster = '' } = parts
      const told = await status()
      checkNames({ cluster }, namesIn(told))
      return { backends: told.clusters.find(({ name }) => name === cluster)!.backends }
    },
  },
  {
    method: 'PATCH',
    path: '/api/v1/clusters/{cluster}/backends/{backend}',
    summary: 'Take a backend out of service, put it back, or change its weight',
    body: orders.backendChange,
    answer: schemas.backendStatus,
    refusals: [404],
    trail: 'a backend was changed',
    run: (control, { parts, body }) =>
      control.changeBackend(parts.cluster ?? '', parts.backend ?? '', body as BackendChange),
  },
  {
    method: 'POST',
    path: '/api/v1/clusters/{cluster}/failback',
    summary: 'Let a cluster with `failback: manual` go back to the first tier that works',
    answer: schemas.servingTier,
    refusals: [404, 409],
    trail: 'a cluster was told to go back',
    run: (control, { parts }) => control.failback(parts.cluster ?? ''),
  },
  {
    method: 'GET',
    path: '/api/v1/connections',
    summary: 'Open connections',
    query: orders.connectionQuery,
    answer: schemas.connectionList,
    refusals: [404],
    run: async (_, { query, connections, status }) => {
      const { id, ...rest } = query as ConnectionQuery & Listed
      const asked = { ...rest, ids: typeof id === 'string' ? [id] : id }
      const list = await connections(asked)
      if (list.matched === 0) checkFilter(asked, await status())
      return list
    },
  },
  {
    method: 'DELETE',
    path: '/api/v1/connections/{id}',
    summary: 'Reset one connection',
    answer: schemas.killed,
    refusals: [404],
    trail: 'connections were killed',
    run: async (control, { parts }) => {
      const { id = '' } = parts
      const result = await control.kill({ ids: [id] })
      if (result.killed === 0) throw unknownName('connection', id)
      return result
    },
  },
  {
    method: 'POST',
    path: '/api/v1/connections/kill',
    summary: 'Reset all connections that match every field',
    body: orders.killOrder,
    answer: schemas.killed,
    refusals: [404],
    trail: 'connections were killed',
    run: async (control, { body, status }) => {
      const filter = withoutAll<ConnectionFilter>(body)
      const result = await control.kill(filter)
      if (result.killed === 0) checkFilter(filter, await status())
      return result
    },
  },
  {
    method: 'POST',
    path: '/api/v1/drain',
    summary:
      'Drain a listener, a cluster, a backend or everything. Without deadlineMs the answer comes at once, else at the end of the drain',
    body: orders.drainOrder,
    answer: schemas.drained,
    isSlow: true,
    refusals: [404],
    run: (control, { body }) => control.drain(withoutAll<DrainOrder>(body)),
  },
  {
    method: 'GET',
    path: '/api/v1/log',
    summary: 'The lowest level that is logged, and the log file. No file: stdout',
    answer: schemas.log,
    run: async (_, { status }) => {
      const { logLevel, logFile } = await status()
      return { level: logLevel, file: logFile }
    },
  },
  {
    method: 'PUT',
    path: '/api/v1/log/level',
    summary: 'Change the log level, until a reload sets another',
    body: orders.logLevel,
    answer: orders.logLevel,
    trail: 'the log level is changed',
    isToldFirst: true,
    run: (control, { body }) => control.setLogLevel((body as { level: LogLevel }).level),
  },
  {
    method: 'POST',
    path: '/api/v1/log/reopen',
    summary: 'Open the log file again, after you moved it',
    answer: schemas.nothing,
    refusals: [409],
    trail: 'the log file was opened again',
    run: async (control) => {
      await control.reopenLogs()
      return {}
    },
  },
  {
    method: 'POST',
    path: '/api/v1/reload',
    summary: 'Read the config file again. If it has a problem, the old config stays',
    answer: schemas.reloaded,
    isSlow: true,
    refusals: [409],
    run: (control) => control.reload(),
  },
]

function withoutAll<Order>(body: unknown): Order {
  const { all, ...order } = body as FromOutside<object>
  return order as Order
}

/**
 * Nothing matched. Throws if nothing has that name either. What has left the config keeps its name while it
 * has connections.
 *
 * @throws MillraceError `unknown-name`
 */
function checkFilter(filter: ConnectionFilter, status: ProxyStatus): void {
  checkNames(filter, namesIn(status))
  if (filter.ids !== undefined) throw unknownName('connection', filter.ids[0] ?? '')
}
