/**
 * Surprises of splice(2), kernel pipes and TCP, and what a pipe must do in spite of each. The carriers without a
 * kernel pipe must do the same.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_PIPE_LIMITS } from '../../src/io/engine.js'
import { pattern } from '../support/bytes.js'
import { type Carriage, carriages } from '../support/carriages.js'
import { Rig } from '../support/rig.js'
import { canSendUrgent, sendSegments } from '../support/urgent.js'
import { settled, turns, until } from '../support/wait.js'

const KIB = 1024
const MIB = 1024 * KIB
/** The number of tries, 10 ms apart, during which an urgent byte waits and no event comes. */
const TRIES = 20
/** How often the event loop has gone round so far. */
const loopTurns = (): number => performance.nodeTiming.uvMetricsInfo.loopCount
/** A kernel pipe of the smallest useful size: 16 slots of a page. */
const SLOTS = 16
const PAGE_BYTES = 4096

for (const carriage of carriages()) {
  describe(`a pipe (${carriage.name})`, () => {
    let rig: Rig
    beforeEach(() => {
      rig = new Rig(carriage)
      rig.engine.limitPipes({ ...DEFAULT_PIPE_LIMITS, kernelPipeBytes: SLOTS * PAGE_BYTES })
    })
    afterEach(async () => {
      expect(await rig.finish()).toEqual([])
    })
    const current = (): Rig => rig

    if (canSendUrgent) urgentBytes(current)
    slots(current)
    endings(current)
    residue(current, carriage)
  })
}

function urgentBytes(rig: () => Rig): void {
  const withoutUrgent = (bytes: Buffer): string => bytes.toString().replaceAll('!', '')

  test('a pipe passes on the bytes around an urgent byte', async () => {
    const { client, backend, pipe } = await rig().join()
    await sendSegments(client, 'abc', '!!', 'def')
    await until(() => withoutUrgent(backend.received) === 'abcdef')
    // Bytes that were copied must not be counted as spliced.
    const hasCopied = rig().counters.urgentFallbacks > 0
    expect(pipe.totals.splicedUp).toBeLessThanOrEqual(hasCopied ? 'abc'.length : 'abcdef'.length)
  })

  test('a pipe passes on the bytes behind an urgent byte that comes first', async () => {
    const { client, backend } = await rig().join()
    await sendSegments(client, '!!', 'abc')
    await until(() => withoutUrgent(backend.received) === 'abc')
  })

  test('a pipe passes on an answer and later bytes after an urgent byte', async () => {
    const { client, backend } = await rig().join()
    await sendSegments(client, 'abc', '!!')
    await backend.receive(3)
    backend.send(Buffer.from('answer'))
    await client.receive(6)
    await sendSegments(client, 'def')
    await until(() => withoutUrgent(backend.received) === 'abcdef')
  })

  test('a pipe passes on an end behind an urgent byte', async () => {
    const { client, backend, ended } = await rig().join()
    await sendSegments(client, 'abc', '!!')
    client.end()
    expect(await backend.ended).toBe('fin')
    backend.end()
    expect(await ended).toMatchObject({ cause: 'finished' })
    expect(withoutUrgent(backend.received)).toBe('abc')
  })

  test('a pipe loses no ordinary byte among many urgent bytes', async () => {
    const { client, backend } = await rig().join()
    const segments = Array.from({ length: 300 }, (_, i) => (i % 3 === 2 ? '!!' : `<${i}>`.repeat(i * 5)))
    await sendSegments(client, ...segments)
    client.end()
    expect(await backend.ended).toBe('fin')
    expect(withoutUrgent(backend.received)).toBe(withoutUrgent(Buffer.from(segments.join(''))))
  })

  test('an urgent byte that waits alone does not make the process spin', async () => {
    const { client, backend, pipe } = await rig().join()
    await sendSegments(client, 'abc', '!!')
    await backend.receive(3)
    let runs = 0
    const run = pipe.run.bind(pipe)
    pipe.run = () => {
      runs++
      run()
    }
    const queue = rig().engine.runQueue
    const before = loopTurns()
    for (let i = 0; i < TRIES; i++) await new Promise<void>((run) => queue.later({ isQueued: false, run }))
    expect(runs).toBeLessThan(TRIES / 2)
    // A process that spins would go round thousands of times.
    expect(loopTurns() - before).toBeLessThan(TRIES * 10)
  })
}

function slots(rig: () => Rig): void {
  test.each([1, 1448, PAGE_BYTES])(
    'a pipe delivers each message of exactly 16 slots of %i bytes at once',
    async (size) => {
      const { client, backend } = await rig().join()
      const message = size * SLOTS
      for (let i = 1; i <= 60; i++) {
        for (let slot = 0; slot < SLOTS; slot++)
          client.send(pattern(1, size, (i - 1) * message + slot * size))
        await backend.receive(i * message)
      }
      expect(backend.missingFrom(client)).toBeUndefined()
    },
  )

  test('a pipe delivers the last bytes behind full kernel pipes without a further event', async () => {
    for (const extra of [-1, 0, 1, 4095, 4097]) {
      const { client, backend } = await rig().join()
      client.send(pattern(2, 32 * SLOTS * PAGE_BYTES + extra))
      await backend.receive(32 * SLOTS * PAGE_BYTES + extra)
      expect(backend.missingFrom(client)).toBeUndefined()
    }
  })
}

function endings(rig: () => Rig): void {
  test('a pipe passes a reset on as a reset when the other direction notices it first', async () => {
    for (let i = 0; i < 30; i++) {
      const { client, backend, ended } = await rig().join()
      client.isKeeping = false
      backend.sendForEver(pattern(3, 64 * KIB))
      await client.receive(1)
      await turns(i % 7)
      client.reset()
      expect(await ended).toMatchObject({ by: 'client', cause: 'reset' })
      expect(await backend.ended).toMatch(/ECONNRESET|EPIPE/)
    }
  })
}

function residue(rig: () => Rig, { splice }: Carriage): void {
  test('a pipe never delivers bytes of another pipe that was cut', async () => {
    for (let i = 0; i < 4; i++) {
      const cut = await Promise.all([rig().join(), rig().join()])
      for (const { client, backend } of cut) {
        backend.pause()
        client.send(Buffer.alloc(32 * MIB, 'canary'))
      }
      await settled(() => cut.reduce((sum, { pipe }) => sum + pipe.up.bytes + pipe.up.inside, 0))
      if (splice === 'on') for (const { pipe } of cut) expect(pipe.up.inside).toBeGreaterThan(0)
      for (const { pipe } of cut) pipe.end('ordered')

      const next = await Promise.all([rig().join(), rig().join(), rig().join()])
      for (const { client } of next) client.send(pattern(4, 300 * KIB))
      for (const { client, backend } of next) {
        await backend.receive(300 * KIB)
        expect(backend.missingFrom(client)).toBeUndefined()
      }
    }
  })
}
