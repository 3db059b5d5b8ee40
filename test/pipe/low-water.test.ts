/**
 * A source that proves to be steady bulk gets a low-water mark, below which the kernel is silent. Whatever then
 * comes, a pause, a tail, an end, a reset or an urgent byte, must not wait for more.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import type { KernelLoop } from '../../src/io/kernel-loop.js'
import { pattern } from '../support/bytes.js'
import { type Carriage, carriages } from '../support/carriages.js'
import { type Family, type Joined, Rig } from '../support/rig.js'
import { canSendUrgent, sendSegments } from '../support/urgent.js'
import { until } from '../support/wait.js'

const KIB = 1024
const MIB = 1024 * KIB
/** More than makes a source steady. */
const STEADY_BYTES = 6 * MIB

const loop = kernelLoop()
const splicing = carriages().filter(({ name }) => name === 'kernel carrier' || name === 'auto')
const cases: [Carriage['name'], Family, number, Carriage][] = splicing.flatMap((carriage) =>
  (['IPv4', 'unix'] as const).flatMap((family) =>
    [64 * KIB, MIB].map((bytes) => [carriage.name, family, bytes, carriage] as (typeof cases)[number]),
  ),
)

// carriages() has told why.
if (cases.length === 0) test.skip('there is no kernel path here', () => {})

describe.each(cases)('%s, %s, kernel pipes of %i bytes', (_name, family, pipeBytes, carriage) => {
  const { native } = loop as KernelLoop
  let rig: Rig
  let marks: ReturnType<typeof vi.spyOn>
  beforeEach(() => {
    rig = new Rig(carriage, family)
    rig.engine.sizePipes(pipeBytes)
    marks = vi.spyOn(native, 'setLowWater')
  })
  afterEach(async () => {
    marks.mockRestore()
    expect(await rig.finish()).toEqual([])
  })

  function sendInWrites({ client }: Joined, bytes: number, write: number): void {
    for (const end = client.sentBytes + bytes; client.sentBytes < end; ) {
      client.send(pattern(1, Math.min(write, end - client.sentBytes), client.sentBytes))
    }
  }

  test.each([500, 4096, 70_000, STEADY_BYTES])('a tail arrives, in writes of %i bytes', async (write) => {
    const joined = await rig.join()
    for (let round = 0; round < 5; round++) {
      sendInWrites(joined, STEADY_BYTES + round * 777, write)
      await joined.backend.receive(joined.client.sentBytes)
      sendInWrites(joined, 10, write)
      await joined.backend.receive(joined.client.sentBytes)
    }
    expect(joined.backend.missingFrom(joined.client)).toBeUndefined()
    expect(marks).toHaveBeenCalled()
  })

  test('an end that follows at once is passed on behind the last byte', async () => {
    const joined = await rig.join()
    sendInWrites(joined, STEADY_BYTES + 333, 100_000)
    joined.client.end()
    expect(await joined.backend.ended).toBe('fin')
    expect(joined.backend.missingFrom(joined.client)).toBeUndefined()
  })

  test('an end while the source is marked is passed on', async () => {
    const joined = await rig.join()
    sendInWrites(joined, STEADY_BYTES, 100_000)
    await joined.backend.receive(STEADY_BYTES - MIB)
    joined.client.socket.end(pattern(1, 5, STEADY_BYTES))
    expect(await joined.backend.ended).toBe('fin')
    expect(joined.backend.receivedBytes).toBe(STEADY_BYTES + 5)
  })

  // A unix socket knows neither of these.
  if (family !== 'unix') {
    test('a reset while the source is marked is passed on', async () => {
      const joined = await rig.join()
      sendInWrites(joined, STEADY_BYTES, 100_000)
      await joined.backend.receive(STEADY_BYTES)
      joined.client.reset()
      expect(await joined.ended).toMatchObject({ by: 'client', cause: 'reset' })
    })

    test.runIf(canSendUrgent)('an urgent byte in a marked source stops nothing', async () => {
      const joined = await rig.join()
      sendInWrites(joined, STEADY_BYTES, 100_000)
      await until(() => joined.client.socket.writableLength === 0)
      await sendSegments(joined.client, 'abc', '!!', 'def')
      await until(
        () => joined.backend.received.subarray(STEADY_BYTES).toString().replaceAll('!', '') === 'abcdef',
      )
    })
  }

  test('a request in the midst of bulk is answered', async () => {
    const joined = await rig.join()
    joined.backend.isKeeping = false
    joined.client.sendForEver(pattern(2, 256 * KIB))
    await joined.backend.receive(4 * STEADY_BYTES)
    joined.backend.send(pattern(3, 10))
    await joined.client.receive(10)
    expect(joined.client.missingFrom(joined.backend)).toBeUndefined()
  })

  test('no answer to one who asks and waits is held by a mark', async () => {
    const { client, backend } = await rig.join()
    backend.send(pattern(4, STEADY_BYTES))
    await client.receive(STEADY_BYTES)
    for (let round = 1; round <= 160; round++) {
      client.send(pattern(5, 10, client.sentBytes))
      await backend.receive(client.sentBytes)
      backend.send(pattern(4, 64 * KIB, backend.sentBytes))
      await client.receive(backend.sentBytes)
      if (round === 10) marks.mockClear()
    }
    expect(client.missingFrom(backend)).toBeUndefined()
    expect(marks).not.toHaveBeenCalled()
  })
})
