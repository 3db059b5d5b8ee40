/**
 * Shortens a schedule to one that breaks the same rule (delta debugging). It leaves parts out, from half of the schedule
 * down to single steps. Then it makes the steps that are left smaller.
 */

/** A step of any kind of story, with the numbers that can be made smaller. */
export interface Shortenable {
  readonly do: string
  readonly bytes?: number
  readonly times?: number
  readonly ms?: number
}

/** Whether these steps break the rule as well. */
type Breaks<Step> = (steps: readonly Step[]) => boolean

/** The most attempts. The result must be shorter. It need not be the shortest. */
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

/** A smaller step of the same kind. Undefined if it cannot be smaller. */
function lessOf<Step extends Shortenable>(step: Step): Step | undefined {
  const { bytes = 0, times = 0, ms = 0 } = step
  if (step.do === 'say' && bytes > 1) return { ...step, bytes: Math.floor(bytes / 2) }
  if (step.do === 'turn' && times > 1) return { ...step, times: Math.floor(times / 2) }
  if (step.do === 'wait' && ms > 1) return { ...step, ms: Math.floor(ms / 2) }
  return undefined
}
