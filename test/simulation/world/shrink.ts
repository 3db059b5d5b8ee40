/**
 * Shortens a schedule that breaks a rule to one that breaks the same rule: by leaving parts out, half of it at first and
 * single steps at last, and then by making what is left smaller (delta debugging).
 */

/** Of any kind of story, with what can be made less of. */
export interface Shortenable {
  readonly do: string
  readonly bytes?: number
  readonly times?: number
  readonly ms?: number
}

/** Whether these steps break the rule, too. */
type Breaks<Step> = (steps: readonly Step[]) => boolean

/** Attempts altogether: a shorter one is wanted, not the shortest. */
const MOST_ATTEMPTS = 600

export function shorten<Step extends Shortenable>(
  steps: readonly Step[],
  breaks: Breaks<Step>,
): readonly Step[] {
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

function leaveOut<Step>(steps: readonly Step[], tries: Breaks<Step>): readonly Step[] {
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
function lessOf<Step extends Shortenable>(step: Step): Step | undefined {
  const { bytes = 0, times = 0, ms = 0 } = step
  if (step.do === 'say' && bytes > 1) return { ...step, bytes: Math.floor(bytes / 2) }
  if (step.do === 'turn' && times > 1) return { ...step, times: Math.floor(times / 2) }
  if (step.do === 'wait' && ms > 1) return { ...step, ms: Math.floor(ms / 2) }
  return undefined
}
