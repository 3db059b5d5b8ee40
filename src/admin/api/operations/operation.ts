/**
 * One thing that a caller can ask for. Types only.
 */
import type * as z from 'zod'
import type { ConnectionList } from '../../../control/answers.js'
import type { Control } from '../../../control/control.js'
import type { ConnectionQuery } from '../../../control/orders.js'
import type { ProxyStatus } from '../../../observe/status.js'
import type { PastSamples } from '../../history.js'

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `{name}` stands for a part that varies. */
  readonly path: string
  readonly summary: string
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  /** The most bytes of the body. Default 16 KiB. */
  readonly mostBytes?: number
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
  history(): PastSamples
  connections(query: ConnectionQuery): Promise<ConnectionList>
}
