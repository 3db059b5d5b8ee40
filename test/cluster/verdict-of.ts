/** What checks say of a backend, for tests that care about parts of it. */
import type { CheckVerdict } from '../../src/cluster/health/verdict.js'

/** After one check that passed, or failed because the connect was refused. */
export const verdictOf = (isUp: boolean, more: Partial<CheckVerdict> = {}): CheckVerdict => ({
  isUp,
  reason: isUp ? 'L4OK' : 'L4CON',
  detail: undefined,
  changedAt: 1,
  checks: 1,
  checksFailed: isUp ? 0 : 1,
  passedAgoMs: 0,
  ...more,
})
