/**
 * What operators order in a process whose predecessor still has connections. Whatever is about connections, or about the log that both
 * write, reaches the predecessor, too.
 */
import type * as z from 'zod'
import type { ConnectionList, DrainResult } from '../control/answers.js'
import { mergeConnections } from '../control/connection-order.js'
import type { Control } from '../control/control.js'
import { isEverything } from '../control/drain-order.js'
import type { DrainOrder } from '../control/orders.js'
import { mergeSources } from '../control/source-order.js'
import { MillraceError } from '../errors.js'
import { readConnections } from '../observe/counts/read-status.js'
import { addDrains } from '../workers/drain-results.js'
import { ANSWERS, askElder, type Elder, LOOK_WITHIN_MS, ORDER_WITHIN_MS } from './elder.js'

/** ms. A predecessor that is still there so long after the end of its connections is stuck. */
const GRACE_MS = 5000

type Asked = Pick<
  Control,
  | 'connections'
  | 'sources'
  | 'kill'
  | 'limit'
  | 'drain'
  | 'end'
  | 'changeBackend'
  | 'ban'
  | 'hold'
  | 'release'
  | 'setLogLevel'
  | 'reopenLogs'
>

/** The methods that reach both. `own`: the control of this process. `drainMs`: how long its own end may take. */
export function reachingBoth(own: Control, elder: Elder, drainMs: () => number): Asked {
  const ask = <Value>(
    schema: z.ZodType<Value>,
    act: (control: Control) => Promise<unknown>,
    withinMs: number | undefined = ORDER_WITHIN_MS,
  ): Promise<Value | undefined> => askElder(elder, schema, act, withinMs)
  return {
    ...lists(own, elder),
    kill: async (filter) => {
      const there = ask(ANSWERS.killed, (control) => control.kill(filter))
      const [elsewhere, { killed }] = await thereFirst(there, () => own.kill(filter))
      return { killed: killed + (elsewhere?.killed ?? 0) }
    },
    // The connection may come here after this process has looked for it.
    limit: async (id, order) =>
      (await ifKnown(own.limit(id, order))) ??
      (await ask(ANSWERS.limited, (control) => control.limit(id, order))) ??
      (await own.limit(id, order)),
    drain: (order) =>
      isEverything(order)
        ? endBoth(elder, own.drain(order), order.deadlineMs ?? 0)
        : drainBoth(
            order,
            own.drain(order),
            askElder(elder, ANSWERS.drained, (control) => control.drain(order), drainedWithinMs(order)),
          ),
    end: () => endBoth(elder, own.end(), drainMs()),
    changeBackend: async (cluster, backend, change) => {
      const changed = await own.changeBackend(cluster, backend, change)
      await ask(ANSWERS.any, (control) => control.changeBackend(cluster, backend, change))
      return changed
    },
    ban: async (order) => {
      const { end, ...withoutEnd } = order
      if (end !== true || !elder.isThere) return await own.ban(order)
      // New clients come only to this process. They are turned away while the predecessor is asked.
      const banned = await own.ban(withoutEnd)
      const there = ask(ANSWERS.killed, (control) => control.ban(order))
      const [elsewhere, { killed }] = await thereFirst(there, () => own.kill({ client: banned.network }))
      return { ...banned, killed: killed + (elsewhere?.killed ?? 0) }
    },
    hold: async (order) => {
      const held = await own.hold(order)
      const there = await ask(ANSWERS.held, (control) => control.hold(order))
      return { ...held, connections: held.connections + (there?.connections ?? 0) }
    },
    release: async (cluster) => {
      const released = await own.release(cluster)
      const there = await ask(ANSWERS.released, (control) => control.release(cluster))
      return { ...released, waited: released.waited + (there?.waited ?? 0) }
    },
    setLogLevel: async (level) => {
      await ask(ANSWERS.any, (control) => control.setLogLevel(level))
      return await own.setLogLevel(level)
    },
    reopenLogs: async () => {
      await own.reopenLogs()
      await ask(ANSWERS.any, (control) => control.reopenLogs())
    },
  }
}

/** A predecessor that does not answer in time is left out. */
function lists(own: Control, elder: Elder): Pick<Control, 'connections' | 'sources'> {
  const look = <Value>(
    schema: z.ZodType<Value>,
    act: (control: Control) => Promise<unknown>,
  ): Promise<Value | undefined> => askElder(elder, schema, act, LOOK_WITHIN_MS).catch(() => undefined)
  return {
    connections: async (query) => {
      const [here, there] = await Promise.all([
        own.connections(query),
        look(ANSWERS.connections, (control) => control.connections(query)),
      ])
      return there === undefined ? here : mergeConnections([here, ofElder(there, elder.pid)], query)
    },
    sources: async (query) => {
      const here = await own.sources(query)
      // A table that is shared has what the predecessor counts.
      if (here.isShared) return here
      const there = await look(ANSWERS.sources, (control) => control.sources(query))
      return there === undefined ? here : mergeSources([here, there], query)
    },
  }
}

/** Connections of a predecessor's own predecessor say so already. */
function ofElder({ matched, connections }: z.infer<typeof ANSWERS.connections>, pid: number): ConnectionList {
  return {
    matched,
    connections: readConnections(connections).map((each) => ({
      ...each,
      predecessor: each.predecessor ?? pid,
    })),
  }
}

/**
 * Connections only move to this process. So an order that comes here second misses none of them. It comes here also if the predecessor
 * does not answer.
 */
async function thereFirst<There, Here>(
  there: Promise<There>,
  act: () => Promise<Here>,
): Promise<[There, Here]> {
  const [asked] = await Promise.allSettled([there])
  const here = await act()
  if (asked.status === 'rejected') throw asked.reason
  return [asked.value, here]
}

/** Undefined: no connection of this process has the id. */
async function ifKnown<Value>(answer: Promise<Value>): Promise<Value | undefined> {
  return await answer.catch((error: unknown) => {
    if (error instanceof MillraceError && error.code === 'unknown-name') return undefined
    throw error
  })
}

/** The new config may not have what the order names. */
async function drainBoth(
  order: DrainOrder,
  own: Promise<DrainResult>,
  there: Promise<DrainResult | undefined>,
): Promise<DrainResult> {
  const [here, other] = await Promise.all([ifKnown(own), there])
  if (here === undefined) return other ?? (await own)
  return other === undefined ? here : addDrains(order, [here, other])
}

/** Undefined: the drain may take any time. */
const drainedWithinMs = ({ deadlineMs }: DrainOrder): number | undefined =>
  deadlineMs === 0 ? undefined : (deadlineMs ?? 0) + ORDER_WITHIN_MS

/**
 * The predecessor drains already. Its connections may last as long as those of this process. It is killed if it does not end after
 * that: this process waits for it.
 */
async function endBoth(elder: Elder, own: Promise<DrainResult>, deadlineMs: number): Promise<DrainResult> {
  const beganAt = performance.now()
  const ended = await own
  if (deadlineMs === 0 || !elder.isThere) return ended
  await goneWithin(elder, deadlineMs - (performance.now() - beganAt))
  const kill = askElder(elder, ANSWERS.killed, (control) => control.kill({}), ORDER_WITHIN_MS)
  const rest = await kill.catch(() => undefined)
  void goneWithin(elder, GRACE_MS).then(() => {
    if (elder.isThere) elder.end()
  })
  return { ...ended, cut: ended.cut + (rest?.killed ?? 0) }
}

async function goneWithin({ gone }: Elder, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, ms))
  })
  await Promise.race([gone.reached, late])
  clearTimeout(timer)
}
