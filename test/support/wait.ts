/** Waits for something that sends no event. The timeout of the test is the limit. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

/** What happens in this process happens within so many turns of the event loop. */
const QUICK_TURNS = 100
/** The time between two looks at other programs. */
const PAUSE_MS = 2

/**
 * Resolves soon after `isTrue` returns true. It looks in each of the first turns of the event loop. Then it waits for other
 * programs, and looks at times. A test that looked without a pause would take the processor from them.
 */
export async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; !isTrue(); turn++) await (turn < QUICK_TURNS ? nextTurn() : pause())
}

/** Asks until the answer is as wanted, and returns it. */
export async function untilAnswer<Answer>(
  ask: () => Answer | Promise<Answer>,
  isWanted: (answer: Answer) => boolean,
): Promise<Answer> {
  for (;;) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    await pause()
  }
}

/** Leaves the processor to the programs that a test waits for. */
export const pause = (): Promise<void> => sleep(PAUSE_MS)

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
