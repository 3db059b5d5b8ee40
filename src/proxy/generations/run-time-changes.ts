/**
 * What follows from orders to change the running config, in a process with workers and in one without: who makes the candidate,
 * how it differs from the config file, and what becomes of connections.
 */
import { backendName, describeChange, isAddition, keyOf } from '../../config/changes/change.js'
import type { ChangeCandidate, ChangingConfig } from '../../config/changes/changing-config.js'
import { changesBetween, needingRestart } from '../../config/changes/differences.js'
import type { Changed, Difference, Reloaded } from '../../control/answers.js'
import type { ChangeOrder, DrainOrder } from '../../control/orders.js'
import { MillraceError } from '../../errors.js'
import type { Log } from '../../observe/log/log.js'
import type { ProxyStatus } from '../../observe/status.js'

/** @throws MillraceError what `ChangingConfig.change` throws, and `wrong-state` if there is no such config */
export function candidateOf(changing: ChangingConfig | undefined, { changes }: ChangeOrder): ChangeCandidate {
  return checked(changing).change(changes)
}

/** For the status. Without such a config nobody can change anything. */
export function countChanges(
  changing: ChangingConfig | undefined,
): Pick<ProxyStatus['config'], 'changes' | 'changesWithoutEffect'> {
  if (changing === undefined) return { changes: 0, changesWithoutEffect: 0 }
  const { list, aside } = changing
  return { changes: list.length - aside.length, changesWithoutEffect: aside.length }
}

export const changedBy = ({ done, unchanged }: ChangeCandidate): Changed => ({ done, unchanged })

/** @throws MillraceError `wrong-state` */
export function differenceOf(changing: ChangingConfig | undefined): Difference {
  const config = checked(changing)
  const changes = config.known.map(({ change, aside }) => ({ text: describeChange(change), change, aside }))
  try {
    const now = config.look()
    const notLoaded = changesBetween(config.loaded, now)
    const needsRestart = needingRestart(config.started, now)
    const isSame = changes.length + notLoaded.length + needsRestart.length === 0
    return { isSame, changes, notLoaded, needsRestart }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return { isSame: false, changes, notLoaded: [], needsRestart: [], problem: error.message }
  }
}

/** Logs a reload, and makes the answer. */
export function tellReload(log: Log, { changes, ...reloaded }: Reloaded): Reloaded {
  const told = { ...reloaded, ...(changes !== undefined && { changes }) }
  log.info(told, 'config reloaded')
  if (changes !== undefined) tellAside(log, changes.aside)
  return told
}

export function tellChanges(log: Log, { done, fate }: ChangeCandidate): void {
  if (done.length === 0) return
  log.info({ changes: done }, 'config changed')
  tellAside(log, fate?.aside ?? [])
}

/** They are logged whenever a config is taken up, because nobody may have read the answer. */
export function tellAside(log: Log, aside: readonly string[]): void {
  if (aside.length > 0)
    log.warn({ changes: aside }, 'changes at run time do not fit the config file: they have no effect')
}

/** The connections of what an order has removed and has not added again. Those of a removed listener drain anyway. */
export function drainsAfter({ changes, end }: ChangeOrder, deadlineMs: number): DrainOrder[] {
  if (end !== true) return []
  const addedAt = new Map<string, number>()
  for (const [index, change] of changes.entries()) if (isAddition(change)) addedAt.set(keyOf(change), index)
  return changes.flatMap((change, index): DrainOrder[] => {
    if (isAddition(change) || !('cluster' in change)) return []
    // A drain would close the new backend or cluster, which has the same name.
    const keys = [keyOf(change), keyOf({ do: 'remove-cluster', cluster: change.cluster })]
    if (keys.some((key) => (addedAt.get(key) ?? -1) > index)) return []
    const backend = change.do === 'remove-backend' ? backendName(change.backend) : undefined
    return [{ cluster: change.cluster, ...(backend !== undefined && { backend }), deadlineMs }]
  })
}

/** Drains them. A backend or a cluster without connections has left, so its name is unknown by then. */
export function drainRemoved(
  drains: readonly DrainOrder[],
  drain: (order: DrainOrder) => Promise<unknown>,
  log: Log,
): void {
  for (const order of drains)
    drain(order).catch((err: unknown) => {
      const isGone = err instanceof MillraceError && err.code === 'unknown-name'
      if (!isGone) log.error({ ...order, err }, 'the drain failed')
    })
}

function checked(changing: ChangingConfig | undefined): ChangingConfig {
  if (changing !== undefined) return changing
  throw new MillraceError(
    'wrong-state',
    'this proxy is a part of another program, which has to call reload(config) instead',
  )
}
