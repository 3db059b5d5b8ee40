/**
 * Shortens a schedule that breaks a rule to one that breaks the same rule: by leaving parts out, half of it at first and
 * single steps at last, and then by making what is left smaller (delta debugging).
 */
import type { Step } from './step.js'

/** Whether these steps break the rule, too. */
type Breaks = (steps: readonly Step[]) => boolean

/** Attempts altogether: a shorter one is wanted, not the shortest. */
const MOST_ATTEMPTS = 600

export function shorten(steps: readonly Step[], breaks: Breaks): readonly Step[] {
  let attempts = 0
  const tries = (candidate: readonly Step[]): boolean => ++attempts <= MOST_ATTEMPTS && breaks(candidate)
  let best = leaveOut(steps, tries)
  for (let at = 0; at < best.length; at++) {
    for (let smaller = lessOf(best[at]!); smaller !== undefined; smaller = lessOf(best[at]!)) {
      const candidate = best.with(at, smaller)
      if (!tries(candidate)) break
      best = candidate
    }
  }
  return leaveOut(best, tries)
}

function leaveOut(steps: readonly Step[], tries: Breaks): readonly Step[] {
  let best = steps
  for (let part = Math.ceil(best.length / 2); part >= 1; part = Math.floor(part / 2)) {
    for (let at = 0; at < best.length; ) {
      const candidate = best.toSpliced(at, part)
      if (tries(candidate)) best = candidate
      else at += part
    }
  }
  return best
}

/** The same with less of it; undefined where it cannot be less. */
function lessOf(step: Step): Step | undefined {
  if (step.do === 'say' && step.bytes > 1) return { ...step, bytes: Math.floor(step.bytes / 2) }
  if (step.do === 'turn' && step.times > 1) return { ...step, times: Math.floor(step.times / 2) }
  if (step.do === 'wait' && step.ms > 1) return { ...step, ms: Math.floor(step.ms / 2) }
  return undefined
}
