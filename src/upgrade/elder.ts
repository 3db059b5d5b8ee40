/**
 * The predecessor while it still has connections, for orders that must reach these. It may be of another version, so its answers are
 * checked.
 */
import * as z from 'zod'
import type { Control } from '../control/control.js'
import { MillraceError } from '../errors.js'
import type { Stage } from './stage.js'

export interface Elder {
  readonly pid: number
  readonly control: Control
  /** False: this process does not serve yet, or its last connection has ended. */
  readonly isThere: boolean
  readonly gone: Pick<Stage<void>, 'reached'>
  /** Ends its process now, with all connections that it has. */
  end(): void
}

/** ms for an answer that it has at hand, and for one that may take work. Shorter than the command waits. */
export const LOOK_WITHIN_MS = 1500
export const ORDER_WITHIN_MS = 5000
/** It does not have what the order names, or what the order would change. */
const NOT_FOR_IT: ReadonlySet<string> = new Set(['unknown-name', 'wrong-state'])

const count = z.number().min(0)
const source = z.object({
  scope: z.string(),
  source: z.string(),
  connections: count,
  newPerSecond: count,
  bytesToday: count,
})

/** What it answers, as far as somebody reads it. */
export const ANSWERS = {
  any: z.unknown(),
  connections: z.object({ matched: count, connections: z.array(z.unknown()) }),
  sources: z.object({ isShared: z.boolean(), matched: count, sources: z.array(source) }),
  killed: z.object({ killed: count.default(0) }),
  limited: z.object({ id: z.string() }),
  drained: z.object({
    finished: count,
    closed: count,
    cut: count,
    left: count.optional(),
    cancelled: z.literal(true).optional(),
  }),
  held: z.object({ connections: count }),
  released: z.object({ waited: count }),
}

/**
 * Its answer. Undefined: it is gone, has nothing of the kind that the order names, or gave no answer that this version understands.
 * `withinMs` undefined: it may take any time.
 *
 * @throws MillraceError `worker-silent`
 */
export async function askElder<Value>(
  { isThere, control, pid, gone }: Elder,
  schema: z.ZodType<Value>,
  act: (control: Control) => Promise<unknown>,
  withinMs: number | undefined,
): Promise<Value | undefined> {
  if (!isThere) return undefined
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const silence = new MillraceError('worker-silent', `no answer from the old process (${pid})`)
    if (withinMs !== undefined) timer = setTimeout(() => reject(silence), withinMs)
  })
  try {
    const answer = await Promise.race([act(control), late, gone.reached])
    return schema.safeParse(answer).data
  } catch (error) {
    if (error instanceof MillraceError && !NOT_FOR_IT.has(error.code)) throw error
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
