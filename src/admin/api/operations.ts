/**
 * Everything a caller can ask for, in one table: routes, checks and the OpenAPI document are made of it, so they cannot
 * differ.
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
  /** With `{name}` for parts that vary. */
  readonly path: string
  readonly summary: string
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  readonly answer: z.ZodType
  /** It is answered when something is done, which may take its time. */
  readonly isSlow?: true
  /** Statuses it may have besides those that all have. */
  readonly refusals?: readonly number[]
  /** What the log says of it; drains and reloads, which others order as well, speak for themselves. */
  readonly trail?: string
  /** It may be about lines such as that. */
  readonly isToldFirst?: true
  run(control: Control, asked: Asked): Promise<unknown>
}

/** What has been found good. */
export interface Asked {
  /** The varying parts of the path. */
  readonly parts: Readonly<Record<string, string>>
  readonly query: unknown
  readonly body: unknown
  /** Shared with whoever asks in the same moment. */
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
    summary: 'Take a backend out of use or in again, or give it another weight',
    body: orders.backendChange,
    answer: schemas.backendStatus,
    refusals: [404],
    trail: 'a backend was changed',
    run: (control, { parts, body }) =>
      control.changeBackend(parts.cluster ?? '', parts.backend ?? '', body as BackendChange),
  },
  {
    method: 'GET',
    path: '/api/v1/connections',
    summary: 'Connections that are not over yet',
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
    summary: 'End one connection with a reset',
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
    summary: 'End connections with a reset: those for which all that is said holds',
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
    summary: 'Empty a listener, a cluster, a backend or everything; answered when that is done',
    body: orders.drainOrder,
    answer: schemas.drained,
    isSlow: true,
    refusals: [404],
    run: (control, { body }) => control.drain(withoutAll<DrainOrder>(body)),
  },
  {
    method: 'GET',
    path: '/api/v1/log',
    summary: 'The least level that is logged, and the file it goes to; without one: stdout',
    answer: schemas.log,
    run: async (_, { status }) => {
      const { logLevel, logFile } = await status()
      return { level: logLevel, file: logFile }
    },
  },
  {
    method: 'PUT',
    path: '/api/v1/log/level',
    summary: 'Log from another level on, until the next reload that changes it',
    body: orders.logLevel,
    answer: orders.logLevel,
    trail: 'the log level is changed',
    isToldFirst: true,
    run: (control, { body }) => control.setLogLevel((body as { level: LogLevel }).level),
  },
  {
    method: 'POST',
    path: '/api/v1/log/reopen',
    summary: 'Open the log files anew, after they were moved',
    answer: schemas.nothing,
    refusals: [409],
    trail: 'the log file was opened anew',
    run: async (control) => {
      await control.reopenLogs()
      return {}
    },
  },
  {
    method: 'POST',
    path: '/api/v1/reload',
    summary: 'Take up the config file as it is now; where anything is wrong nothing changes',
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
 * Nothing was found: is that because nothing of that name is there? What has left the config may have connections.
 *
 * @throws MillraceError `unknown-name`
 */
function checkFilter(filter: ConnectionFilter, status: ProxyStatus): void {
  checkNames(filter, namesIn(status))
  if (filter.ids !== undefined) throw unknownName('connection', filter.ids[0] ?? '')
}
