/** The time of a proxy in this process. Tests move the clock ahead and wait until the proxy has looked at it. */
import { GRACE_MS } from '../../src/io/delivery.js'
import { advanceClock } from '../support/clock.js'
import { turns, until } from '../support/wait.js'
import type { Bed } from './bed.js'

/** Waits until everything with a deadline in this proxy, except pipes, has looked at the clock once more. */
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
 * Moves the clock ahead, a second at a time, until `promise` settles; returns its value. Use it for what happens after
 * a deadline. Bytes that must arrive before the deadline should have arrived already.
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
