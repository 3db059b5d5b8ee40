/** What the drains of several workers have come to, as if it were one. Pure. */
import type { DrainResult } from '../control/answers.js'
import type { DrainOrder } from '../control/orders.js'

/** Adds up the results of several workers. Without a deadline it also adds up what is left. */
export function addDrains({ deadlineMs }: DrainOrder, results: readonly DrainResult[]): DrainResult {
  const left = results.reduce((sum, result) => sum + (result.left ?? 0), 0)
  const total = { finished: 0, closed: 0, cut: 0, ...(deadlineMs === undefined && { left }) }
  for (const { finished, closed, cut } of results) {
    total.finished += finished
    total.closed += closed
    total.cut += cut
  }
  return results.some(({ cancelled }) => cancelled) ? { ...total, cancelled: true } : total
}
