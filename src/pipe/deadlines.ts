/** The deadlines of a pipe. */
import type { PipeTimeouts } from './options.js'

/** What the deadlines of a pipe look at. */
export interface PipeTimes {
  /** Since the pipe began, in whole ms. */
  readonly ageMs: number
  /** Since a byte moved or a direction ended, in whole ms. */
  readonly silentMs: number
  /** One of its directions is over and the other is not, or a stream has not confirmed an end. */
  readonly isHalfClosed: boolean
}

/** The deadline that has passed. Undefined: none has. */
export function overdue(
  { idleTimeoutMs, halfClosedTimeoutMs, maxLifetimeMs }: PipeTimeouts,
  { ageMs, silentMs, isHalfClosed }: PipeTimes,
): 'lifetime' | 'idle-timeout' | 'half-closed-timeout' | undefined {
  if (maxLifetimeMs > 0 && ageMs >= maxLifetimeMs) return 'lifetime'
  if (idleTimeoutMs > 0 && silentMs >= idleTimeoutMs) return 'idle-timeout'
  if (isHalfClosed && halfClosedTimeoutMs > 0 && silentMs >= halfClosedTimeoutMs) return 'half-closed-timeout'
  return undefined
}
