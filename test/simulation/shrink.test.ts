import { expect, test } from 'vitest'
import { shorten } from './world/shrink.js'
import { type Step, scheduleOf } from './world/step.js'

/** A schedule breaks the rule if a peer says at least 1000 bytes and a peer ends later. */
const breaks = (steps: readonly Step[]): boolean => {
  const said = steps.findIndex((step) => step.do === 'say' && step.bytes >= 1000)
  return said >= 0 && steps.slice(said).some((step) => step.do === 'end')
}

test('the simulation shortens a failing schedule to the two steps that make it fail', () => {
  const schedules = Array.from({ length: 50 }, (_, seed) => scheduleOf(seed + 1))
  const failing: Step[][] = []
  for (const steps of schedules) if (breaks(steps)) failing.push(steps)
  expect(failing.length).toBeGreaterThan(5)
  for (const steps of failing) {
    const shorter = shorten(steps, breaks)
    expect(shorter.map((step) => step.do)).toEqual(['say', 'end'])
    expect(shorter[0]).toSatisfy((step: Step) => step.do === 'say' && step.bytes < 2000)
  }
})
