/** Faults from a seed: they are the same each time, and the bytes that arrive are always a prefix of the bytes sent. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFaultList, readFaultyProxyOptions } from '../../src/faults/fault-arguments.js'
import { startFaultyProxy } from '../../src/faults/faulty-proxy.js'
import { FAULT_KINDS, randomFaults } from '../../src/faults/random-faults.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { connectTo } from '../support/peer.js'
import { settled } from '../support/wait.js'
import { TurnClock } from './clocks.js'

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const TREATMENTS = ['delay', 'throttle', 'split', 'join'] as const

describe('randomFaults', () => {
  it('a seed gives each connection the same faults every time, of the kinds that were asked for', () => {
    fc.assert(
      fc.property(seeds, fc.nat(1000), fc.subarray([...FAULT_KINDS]), (seed, index, kinds) => {
        const faults = randomFaults(seed, index, kinds)
        expect(randomFaults(seed, index, kinds)).toEqual(faults)
        expect(faults.filter((fault) => !kinds.includes(fault.do))).toEqual([])
        expect(readFaultList('set', 'faults', faults)).toEqual(faults)
      }),
    )
  })

  it('a hundred connections of one seed get every kind of fault', () => {
    const chosen = Array.from({ length: 100 }, (_, index) => randomFaults(7, index, FAULT_KINDS)).flat()
    expect(new Set(chosen.map((fault) => fault.do))).toEqual(new Set(FAULT_KINDS))
  })
})

describe('a faulty proxy with a seed', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await Backend.listen()
  })
  afterAll(() => backend.close())

  async function play(seed: number, kinds: readonly string[], up: Buffer, down: Buffer) {
    const options = readFaultyProxyOptions({ to: backend.address, seed, kinds })
    const faults = await startFaultyProxy(options, new TurnClock())
    const near = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: faults.port })
    const served = backend.accepted().then((far) => {
      far.send(down)
      far.end()
      return far
    })
    near.send(up)
    near.end()
    return { faults, near, served }
  }

  it('without faults that cut, all bytes and both ends arrive', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, fc.nat(100_000), fc.nat(100_000), async (seed, up, down) => {
        const { faults, near, served } = await play(seed, TREATMENTS, pattern(1, up), pattern(2, down))
        const far = await served
        expect([await near.ended, await far.ended]).toEqual(['fin', 'fin'])
        expect([near.missingFrom(far), far.missingFrom(near)]).toEqual([undefined, undefined])
        await faults.close()
      }),
      { numRuns: 60 },
    )
  })

  it('with any faults, the bytes that arrive are a prefix of the bytes that were sent', async () => {
    const kinds = FAULT_KINDS.filter((kind) => kind !== 'refuse')
    await fc.assert(
      fc.asyncProperty(seeds, fc.nat(100_000), fc.nat(100_000), async (seed, upBytes, downBytes) => {
        const [up, down] = [pattern(1, upBytes), pattern(2, downBytes)]
        const { faults, near, served } = await play(seed, kinds, up, down)
        const far = await served
        await settled(() => near.receivedBytes + far.receivedBytes, 60)
        const isPrefix = [
          near.received.equals(down.subarray(0, near.receivedBytes)),
          far.received.equals(up.subarray(0, far.receivedBytes)),
        ]
        expect(isPrefix).toEqual([true, true])
        await faults.close()
        near.socket.destroy()
        far.socket.destroy()
      }),
      { numRuns: 60 },
    )
  })
})
