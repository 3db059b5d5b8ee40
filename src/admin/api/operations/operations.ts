/**
 * Everything a caller can ask for, in one table. Routes, checks and the OpenAPI document are made from it, so
 * they cannot differ.
 */
import { BAN_OPERATIONS } from './bans.js'
import { CHANGE_OPERATIONS } from './changes.js'
import { CLUSTER_OPERATIONS } from './clusters.js'
import { CONNECTION_OPERATIONS } from './connections.js'
import { LISTENER_OPERATIONS } from './listeners.js'
import type { Operation } from './operation.js'
import { PROCESS_OPERATIONS } from './process.js'
import { SOURCE_OPERATIONS } from './sources.js'
import { STATUS_OPERATIONS } from './status.js'

export const OPERATIONS: readonly Operation[] = [
  ...STATUS_OPERATIONS,
  ...CLUSTER_OPERATIONS,
  ...CHANGE_OPERATIONS,
  ...LISTENER_OPERATIONS,
  ...CONNECTION_OPERATIONS,
  ...BAN_OPERATIONS,
  ...SOURCE_OPERATIONS,
  ...PROCESS_OPERATIONS,
]
