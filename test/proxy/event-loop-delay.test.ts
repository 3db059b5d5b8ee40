/** The delays of the event loop are counted for ever, whoever reads the counts and how often. */
import { afterEach, expect, it } from 'vitest'
import { Sweep } from '../../src/io/sweep.js'
import { addHistograms, DELAY_BOUNDS } from '../../src/observe/counts/histogram.js'
import { ProcessWatch } from '../../src/proxy/reporting/process-status.js'
import { until } from '../support/wait.js'

const watch = new ProcessWatch()
afterEach(() => watch.stop())

const delays = () => watch.delaySeconds!
/** The number of delays above 100 ms. */
const late = (): number =>
  delays()
    .counts.slice(DELAY_BOUNDS.indexOf(0.1) + 1)
    .reduce((sum, count) => sum + count, 0)

function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

it('the delay of the event loop is unknown while nobody measures it', () => {
  expect(watch.delaySeconds).toBeUndefined()
  watch.start()
  expect(delays().counts.every((count) => count === 0)).toBe(true)
  watch.stop()
  expect(watch.delaySeconds).toBeUndefined()
})

it('the delay of the event loop shows each stall during connections, to every reader', async () => {
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
