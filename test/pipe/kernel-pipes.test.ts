/** The memory budget of all kernel pipes, and what a direction gets when the budget is spent. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_PIPE_LIMITS } from '../../src/io/engine.js'
import { difference, pattern } from '../support/bytes.js'
import { carriages } from '../support/carriages.js'
import { type Joined, Rig } from '../support/rig.js'
import { until } from '../support/wait.js'

const KIB = 1024
const MIB = 1024 * KIB
/** More than the socket buffers of a loopback connection and a kernel pipe take together. */
const SENT_BYTES = 24 * MIB
const SMALL_MOVE_BYTES = 64 * KIB
const STUCK = 6

const [carriage] = carriages().filter(({ name }) => name === 'kernel carrier')

describe.runIf(carriage !== undefined)('kernel pipes of readers that have stopped', () => {
  let rig: Rig
  beforeEach(() => {
    rig = new Rig(carriage!)
  })
  afterEach(async () => {
    rig.engine.limitPipes(DEFAULT_PIPE_LIMITS)
    expect(await rig.finish()).toEqual([])
  })

  const counts = () => rig.engine.counts()!

  /** A pipe whose backend reads nothing, with bytes in its kernel pipe. */
  async function joinStuck(): Promise<Joined> {
    const joined = await rig.join({ idleTimeoutMs: 0 })
    joined.backend.pause()
    joined.client.send(pattern(1, SENT_BYTES))
    await until(() => joined.pipe.up.inside > 0)
    return joined
  }

  async function readOn({ client, backend }: Joined): Promise<void> {
    backend.resume()
    await backend.receive(SENT_BYTES)
    expect(difference(backend.received, client.sent)).toBeUndefined()
  }

  test('kernel pipes hold no more than the budget and 64 KiB for each further direction', async () => {
    rig.engine.limitPipes({ ...DEFAULT_PIPE_LIMITS, pinnedMemoryBytes: MIB })
    expect(counts().pinnedBudgetBytes).toBe(MIB)
    const joined = []
    for (let i = 0; i < STUCK; i++) joined.push(await joinStuck())
    const inside = joined.map(({ pipe }) => pipe.up.inside)
    expect(counts().pinnedBytes).toBe(inside.reduce((a, b) => a + b, 0))
    expect(counts().pinnedBytes).toBeLessThanOrEqual(MIB + STUCK * SMALL_MOVE_BYTES)
    for (const each of joined) await readOn(each)
    expect(counts().pinnedBytes).toBe(0)
  })

  test('kernel pipes hold no byte of a connection that is gone', async () => {
    const joined = await joinStuck()
    expect(counts().pinnedBytes).toBe(joined.pipe.up.inside)
    joined.client.reset()
    joined.backend.reset()
    await joined.ended
    expect(counts().pinnedBytes).toBe(0)
  })

  test('each of four workers gets a quarter of the budget for kernel pipes', () => {
    rig.engine.limitPipes({ ...DEFAULT_PIPE_LIMITS, workers: 4 })
    expect(counts().pinnedBudgetBytes).toBe(DEFAULT_PIPE_LIMITS.pinnedMemoryBytes / 4)
  })
})
