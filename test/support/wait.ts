/** Waits for something that sends no event. The timeout of the test is the limit. */
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Resolves in the first turn of the event loop in which `isTrue` returns true. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await nextTurn()
}

/** Lets the event loop go round. What the kernel has ready is handled meanwhile. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await nextTurn()
}

/** Resolves when `measure` has stayed the same for so many turns that nothing more can be on its way. */
export async function settled(measure: () => number, quietTurns = 200): Promise<void> {
  for (let last = measure(), quiet = 0; quiet < quietTurns; quiet++) {
    await nextTurn()
    const now = measure()
    if (now !== last) quiet = 0
    last = now
  }
}
