/**
 * The addon copies small messages while it collects a batch of events, without a run of their pipe. Anything out of
 * the ordinary ends the offload. No byte is then lost, misordered or left waiting.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FdSocket } from '../../src/io/kernel/fd-socket.js'
import { pattern } from '../support/bytes.js'
import { carriages } from '../support/carriages.js'
import { advanceClock, restoreClock } from '../support/clock.js'
import { type Family, type Joined, Rig } from '../support/rig.js'
import { canSendUrgent, sendSegments } from '../support/urgent.js'
import { until } from '../support/wait.js'

const MIB = 1024 * 1024

const copying = carriages().filter(({ name }) => name === 'copy carrier' || name === 'auto')
const cases = copying.flatMap((carriage) =>
  (['IPv4', 'unix'] as const).map((family) => [carriage.name, family, carriage] as const),
)

// carriages() has printed the reason.
if (cases.length === 0) test.skip('copy offloads are not tested: there is no kernel engine here', () => {})

describe.each(cases)('copy offloads of the %s, %s', (name, family: Family, carriage) => {
  let rig: Rig
  let joined: Joined
  beforeEach(async () => {
    rig = new Rig(carriage, family)
    joined = await rig.join()
  })
  afterEach(async () => {
    restoreClock()
    expect(await rig.finish()).toEqual([])
  })

  /** Sends a first message each way. The first event of a socket also says that it is writable. */
  async function greet(): Promise<void> {
    joined.client.send(Buffer.from('hello'))
    await joined.backend.receive(5)
    joined.backend.send(Buffer.from('hello'))
    await joined.client.receive(5)
  }

  test('a copy offload passes messages on without a run of the pipe, and counts them', async () => {
    await greet()
    const run = vi.spyOn(joined.pipe, 'run')
    for (let i = 1; i <= 20; i++) {
      joined.client.send(pattern(i, 1000 + i))
      await joined.backend.receive(joined.client.sentBytes)
      joined.backend.send(pattern(i, 10 + i))
      await joined.client.receive(joined.backend.sentBytes)
    }
    expect(run).not.toHaveBeenCalled()
    expect(joined.pipe.totals).toMatchObject({
      bytesUp: joined.client.sentBytes,
      bytesDown: joined.backend.sentBytes,
    })
    expect(joined.backend.missingFrom(joined.client)).toBeUndefined()
    expect(joined.client.missingFrom(joined.backend)).toBeUndefined()
  })

  test('a copy offload passes messages on without a call into JavaScript', async () => {
    await greet()
    const loop = (joined.pipe.client as FdSocket).loop
    const told = vi.spyOn(loop.runQueue, 'tick')
    for (let i = 1; i <= 20; i++) {
      joined.client.send(pattern(i, 1000))
      await joined.backend.receive(joined.client.sentBytes)
      joined.backend.send(pattern(i, 1000))
      await joined.client.receive(joined.backend.sentBytes)
    }
    expect(told).not.toHaveBeenCalled()
    told.mockRestore()
    expect(joined.pipe.totals).toMatchObject({ bytesUp: 5 + 20_000, bytesDown: 5 + 20_000 })
  })

  if (name === 'auto')
    test('a bulk read ends the copy offload, and the bytes after it are spliced', async () => {
      await greet()
      joined.client.send(pattern(1, 48 * 1024))
      await until(() => joined.pipe.up.carrier.name === 'kernel')
      await joined.backend.receive(joined.client.sentBytes)
      joined.client.send(pattern(2, 100))
      await joined.backend.receive(joined.client.sentBytes)
      expect(joined.pipe.totals).toMatchObject({ bytesUp: joined.client.sentBytes, splicedUp: 100 })
    })

  test('a pipe with a copy offload has exact totals after every message', async () => {
    await greet()
    for (let i = 1; i <= 20; i++) {
      joined.client.send(pattern(i, i))
      await joined.backend.receive(joined.client.sentBytes)
      const counts = { bytesUp: joined.client.sentBytes, receivedUp: joined.client.sentBytes, bytesDown: 5 }
      expect(joined.pipe.totals).toMatchObject(counts)
      expect(joined.pipe.totals).toMatchObject(counts)
    }
  })

  test('the totals at the end of a pipe include what its copy offload has counted', async () => {
    await greet()
    joined.client.send(pattern(1, 100))
    await joined.backend.receive(105)
    joined.backend.send(pattern(1, 200))
    await joined.client.receive(205)
    joined.pipe.end('ordered')
    expect(joined.pipe.totals).toMatchObject({ bytesUp: 105, bytesDown: 205 })
  })

  test('the count of a copy offload is gone once its fd is closed', async () => {
    await greet()
    joined.client.send(pattern(1, 100))
    await joined.backend.receive(105)
    const { loop, fd } = joined.pipe.client as FdSocket
    joined.pipe.end('ordered')
    expect(loop.takeCarried(fd)).toBe(0)
  })

  test("a pipe with a copy offload reports the backend's first answer, and only once", async () => {
    await rig.finish()
    rig = new Rig(carriage, family)
    const answered = vi.fn()
    joined = await rig.join({ onAnswer: answered })
    joined.client.send(Buffer.from('hello'))
    await joined.backend.receive(5)
    joined.client.send(Buffer.from('is there anybody?'))
    await joined.backend.receive(joined.client.sentBytes)
    expect(answered).not.toHaveBeenCalled()
    joined.backend.send(Buffer.from('yes'))
    await joined.client.receive(3)
    expect(answered).toHaveBeenCalledTimes(1)
    joined.backend.send(Buffer.from('yes'))
    await joined.client.receive(6)
    expect(answered).toHaveBeenCalledTimes(1)
  })

  test('a pipe with a copy offload tells the time of the last move, however late it is asked', async () => {
    await greet()
    const greetedAt = joined.pipe.movedAt
    await until(() => performance.now() > greetedAt + 2)
    const before = performance.now()
    joined.client.send(Buffer.from('now'))
    await joined.backend.receive(joined.client.sentBytes)
    const after = performance.now()
    // Both clocks go one minute ahead: ours and the one that the addon reads. They are not read in the same moment.
    advanceClock(60_000)
    const [seconds, nanos] = process.hrtime()
    const hrtime = vi.spyOn(process, 'hrtime').mockReturnValue([seconds + 60, nanos])
    const { movedAt } = joined.pipe
    hrtime.mockRestore()
    expect(movedAt).toBeGreaterThanOrEqual(Math.floor(before))
    expect(movedAt).toBeLessThan(after + 1000)
  })

  test('bytes one way keep a half-closed pipe with a copy offload from its timeout', async () => {
    await rig.finish()
    rig = new Rig(carriage, family)
    joined = await rig.join({ halfClosedTimeoutMs: 10_000 })
    await greet()
    joined.client.end()
    expect(await joined.backend.ended).toBe('fin')
    joined.backend.send(Buffer.from('one'))
    await joined.client.receive(joined.backend.sentBytes)
    advanceClock(9000)
    joined.backend.send(Buffer.from('two'))
    await joined.client.receive(joined.backend.sentBytes)
    joined.pipe.expire(performance.now())
    advanceClock(9000)
    joined.pipe.expire(performance.now())
    expect(joined.ending).toBeUndefined()
    advanceClock(1000)
    joined.pipe.expire(performance.now())
    expect(joined.ending).toMatchObject({ cause: 'half-closed-timeout' })
  })

  test('a message of a copy offload keeps the pipe from its idle timeout', async () => {
    await rig.finish()
    rig = new Rig(carriage, family)
    joined = await rig.join({ idleTimeoutMs: 10_000 })
    await greet()
    advanceClock(9000)
    joined.client.send(Buffer.from('still here'))
    await joined.backend.receive(joined.client.sentBytes)
    // The addon's clock stays where it is, so the pipe must ask first for what the addon has counted.
    joined.pipe.expire(performance.now())
    advanceClock(9000)
    joined.pipe.expire(performance.now())
    expect(joined.ending).toBeUndefined()
    advanceClock(1000)
    joined.pipe.expire(performance.now())
    expect(joined.ending).toMatchObject({ cause: 'idle-timeout' })
  })

  test('bytes of a copy offload that a full sink does not take are neither lost nor overtaken', async () => {
    await greet()
    joined.backend.pause()
    for (let i = 0; i < 600; i++) joined.client.send(pattern(i, 20_000, joined.client.sentBytes))
    await until(() => joined.pipe.up.inside > 0)
    joined.client.send(Buffer.from('and the last'))
    joined.backend.resume()
    await joined.backend.receive(joined.client.sentBytes)
    expect(joined.backend.missingFrom(joined.client)).toBeUndefined()
  })

  test('a pipe delivers bulk, small messages and bulk again in order', async () => {
    await greet()
    for (let round = 0; round < 4; round++) {
      joined.client.send(pattern(round, 3 * MIB))
      await joined.backend.receive(joined.client.sentBytes)
      for (let i = 0; i < 10; i++) {
        joined.client.send(pattern(i, 100))
        await joined.backend.receive(joined.client.sentBytes)
      }
    }
    expect(joined.backend.missingFrom(joined.client)).toBeUndefined()
  })

  test('a full sink that is also the source of a copy offload becomes writable again', async () => {
    await greet()
    joined.client.pause()
    for (let i = 0; i < 600; i++) joined.backend.send(pattern(i, 20_000, joined.backend.sentBytes))
    await until(() => joined.pipe.down.inside > 0)
    for (let i = 0; i < 20; i++) {
      joined.client.send(pattern(i, 100, joined.client.sentBytes))
      await joined.backend.receive(joined.client.sentBytes)
    }
    joined.client.resume()
    for (let i = 0; i < 20; i++) joined.client.send(pattern(i, 100, joined.client.sentBytes))
    await joined.client.receive(joined.backend.sentBytes)
    await joined.backend.receive(joined.client.sentBytes)
    expect(joined.client.missingFrom(joined.backend)).toBeUndefined()
    expect(joined.backend.missingFrom(joined.client)).toBeUndefined()
  })

  test('an end right behind a message of a copy offload arrives after it, both ways', async () => {
    await greet()
    joined.client.send(Buffer.from('last words'))
    joined.client.end()
    expect(await joined.backend.ended).toBe('fin')
    expect(joined.backend.missingFrom(joined.client)).toBeUndefined()
    joined.backend.send(Buffer.from('answer'))
    joined.backend.end()
    expect(await joined.client.ended).toBe('fin')
    expect(await joined.ended).toMatchObject({ by: 'client', cause: 'finished' })
    expect(joined.client.missingFrom(joined.backend)).toBeUndefined()
  })

  test('a pipe that ends takes back both copy offloads', async () => {
    await greet()
    const { client, backend } = joined.pipe
    const sockets = [client, backend].filter((socket) => socket instanceof FdSocket)
    expect(sockets).toHaveLength(2)
    const taken = vi.spyOn(sockets[0]!.loop, 'endOffload')
    joined.pipe.end('ordered')
    expect(taken.mock.calls.map(([socket]) => socket)).toEqual(expect.arrayContaining(sockets))
    taken.mockRestore()
  })

  // TCP has urgent bytes, unix sockets have none.
  if (family === 'unix') return
  test.runIf(canSendUrgent)('a copy offload passes on all bytes but an urgent one', async () => {
    await greet()
    await sendSegments(joined.client, 'before', '!u', 'after')
    await joined.backend.receive(5 + 'beforeafter'.length)
    expect(joined.backend.received.subarray(5).toString()).toBe('beforeafter')
  })
})
