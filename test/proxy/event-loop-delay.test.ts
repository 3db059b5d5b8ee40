/** How late the event loop runs is counted for ever, whoever looks how often. */
import { afterEach, expect, it } from 'vitest'
import { Sweep } from '../../src/io/sweep.js'
import { addHistograms, DELAY_BOUNDS } from '../../src/observe/counts/histogram.js'
import { ProcessWatch } from '../../src/proxy/reporting/process-status.js'
import { until } from '../support/wait.js'

const watch = new ProcessWatch()
afterEach(() => watch.stop())

const delays = () => watch.delaySeconds!
/** Looks that found it later than 100 ms. */
const late = (): number =>
  delays()
    .counts.slice(DELAY_BOUNDS.indexOf(0.1) + 1)
    .reduce((sum, count) => sum + count, 0)

function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

it('is not known where nobody measures', () => {
  expect(watch.delaySeconds).toBeUndefined()
  watch.start()
  expect(delays().counts.every((count) => count === 0)).toBe(true)
  watch.stop()
  expect(watch.delaySeconds).toBeUndefined()
})

it('shows each stall that a connection of the proxy would have felt, also to who comes after another reader', async () => {
  const sweep = new Sweep((...look) => watch.timerRan(...look))
  const connection = { sweepIndex: -1, expire: () => {} }
  watch.start()
  sweep.add(connection, 40)
  for (const stalls of [1, 2]) {
    block(200)
    await until(() => late() >= stalls)
    expect(late()).toBeGreaterThanOrEqual(stalls)
  }
  sweep.delete(connection)
  expect(delays().sum).toBeGreaterThan(0.3)
  const both = addHistograms([delays(), delays()])
  expect(both.sum).toBe(2 * delays().sum)
})
