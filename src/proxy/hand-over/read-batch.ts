/** Reads what another process gives. Only code that is about to take connections loads this file: it needs the schema. */
import * as z from 'zod'
import type { FrozenConnection } from '../../connection/frozen-connection.js'
import { readFrozen } from '../../connection/frozen-schema.js'
import { parseMessage } from './messages.js'

const batchSchema = z.object({ kind: z.literal('batch'), connections: z.array(z.unknown()) })

/** Undefined: not a batch, or something in it is not understood. */
export function readBatch(bytes: Buffer): FrozenConnection[] | undefined {
  const batch = batchSchema.safeParse(parseMessage(bytes)).data?.connections.map(readFrozen)
  return batch?.every((each) => each !== undefined) ? (batch as FrozenConnection[]) : undefined
}
