/** Time as a proxy in this process sees it. The clock is moved ahead; whoever has a deadline is waited for until it looks. */
import { GRACE_MS } from '../../src/io/delivery.js'
import { advanceClock } from '../support/clock.js'
import { turns, until } from '../support/wait.js'
import type { Bed } from './bed.js'

/** Everything with a deadline in this proxy, but for pipes, has looked at the clock at least once more. */
export async function deadlinesAreLookedAt({ proxy }: Bed): Promise<void> {
  const { sweep } = proxy.engine
  let looks = 0
  const watcher = { sweepIndex: -1, expire: () => void looks++ }
  sweep.add(watcher, 1)
  await until(() => looks > 0)
  sweep.delete(watcher)
  await turns(20)
}

/**
 * What `promise` answers, with the clock moved ahead by a second at a time until it does. For what is due once a deadline
 * has passed: whatever was to arrive before it should have arrived already.
 */
export async function hastened<T>(bed: Bed, promise: Promise<T>): Promise<T> {
  let isSettled = false
  const settled = promise.finally(() => {
    isSettled = true
  })
  settled.catch(() => {})
  for (;;) {
    await deadlinesAreLookedAt(bed)
    if (isSettled) return await settled
    advanceClock(GRACE_MS)
  }
}
