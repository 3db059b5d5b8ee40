/** Loops that a route may lead out of. Those that nothing leads out of are problems. */
import { findLoops } from '../checks/loops.js'
import type { Finding } from '../checks/path.js'

export function loops(input: unknown): Finding[] {
  return findLoops(input).filter(({ isCertain }) => !isCertain)
}
