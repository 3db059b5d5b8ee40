/** The part of the contract about ends, resets and deadlines. contract.ts runs it with the rest. */
import { expect, test } from 'vitest'
import { GRACE_MS } from '../../src/io/delivery.js'
import { difference, pattern } from '../support/bytes.js'
import { advanceClock, stopClock } from '../support/clock.js'
import { settled, turns, until } from '../support/wait.js'
import { type Join, KIB, MIB, WAYS } from './ways.js'

export function endsArePassedOn(join: Join): void {
  test.each(WAYS)(
    'an end one way leaves the other way open, however late the answer comes ($name)',
    async ({ from, to, by }) => {
      const joined = await join()
      const [asker, answerer] = [from(joined), to(joined)]
      asker.send(pattern(10, 100))
      asker.end()
      expect(await answerer.ended).toBe('fin')
      await turns(100)
      for (let i = 0; i < 4; i++) {
        answerer.send(pattern(11, 300 * KIB, i * 300 * KIB))
        await asker.receive((i + 1) * 300 * KIB)
        await turns(20)
      }
      answerer.end()
      expect(await asker.ended).toBe('fin')
      expect(await joined.ended).toEqual({ by, cause: 'finished' })
      expect(answerer.missingFrom(asker)).toBeUndefined()
      expect(asker.missingFrom(answerer)).toBeUndefined()
    },
  )

  test.each(WAYS)(
    'an end arrives after the last byte, also at a reader that had stopped reading ($name)',
    async ({ from, to }) => {
      for (const size of [1, 64 * KIB, 12 * MIB]) {
        const joined = await join()
        to(joined).pause()
        from(joined).send(pattern(12, size))
        from(joined).end()
        await turns(50)
        to(joined).resume()
        expect(await to(joined).ended).toBe('fin')
        expect(to(joined).missingFrom(from(joined))).toBeUndefined()
      }
    },
  )

  test.each(WAYS)(
    'an end sent together with the last bytes loses none of them ($name)',
    async ({ from, to }) => {
      for (let i = 0; i < 50; i++) {
        const joined = await join()
        from(joined).socket.end(pattern(13, 1000 + i))
        to(joined).end()
        await joined.ended
        await to(joined).closed
        expect(difference(to(joined).received, pattern(13, 1000 + i))).toBeUndefined()
      }
    },
  )

  test('a pipe that carries no byte and gets an end both ways finishes', async () => {
    const { client, backend, ended } = await join()
    client.end()
    backend.end()
    expect([await client.ended, await backend.ended]).toEqual(['fin', 'fin'])
    expect(await ended).toMatchObject({ cause: 'finished' })
  })
}

export function resetsArePassedOn(join: Join): void {
  test.each(WAYS)('a pipe passes a reset on as a reset ($name)', async ({ from, to, by }) => {
    const joined = await join()
    from(joined).reset()
    expect(await to(joined).reallyEnded()).toBe('ECONNRESET')
    expect(await joined.ended).toEqual({ by, cause: 'reset', errno: 'ECONNRESET' })
  })

  test.each(WAYS)('a pipe passes a reset on after an end the other way ($name)', async ({ from, to, by }) => {
    const joined = await join()
    to(joined).end()
    expect(await from(joined).ended).toBe('fin')
    from(joined).reset()
    expect(await joined.ended).toMatchObject({ by, cause: 'reset' })
    await to(joined).closed
    expect(to(joined).socket.errored).toMatchObject({ code: 'ECONNRESET' })
  })

  test.each(WAYS)(
    'a pipe delivers the bytes that came before a reset, and then the reset ($name)',
    async ({ from, to, direction, by }) => {
      const joined = await join()
      to(joined).pause()
      // The kernel takes at least this much for a reader that has stopped.
      from(joined).send(pattern(14, 96 * KIB))
      await until(() => joined.pipe[direction].bytes === 96 * KIB)
      from(joined).reset()
      await until(() => joined.pipe[by].error !== undefined)
      // A carrier that does not know what was acknowledged waits for one second instead.
      if (joined.pipe[direction].sink.unacknowledgedBytes() === undefined) advanceClock(GRACE_MS)
      await joined.ended
      to(joined).resume()
      expect(await to(joined).reallyEnded()).toBe('ECONNRESET')
      expect(to(joined).missingFrom(from(joined))).toBeUndefined()
    },
  )

  test.each(WAYS)(
    'a pipe that an order ends with bytes in flight resets both sides ($name)',
    async ({ from, to, direction }) => {
      const joined = await join()
      const way = joined.pipe[direction]
      to(joined).pause()
      from(joined).send(pattern(30, 32 * MIB))
      await settled(() => way.bytes + way.inside)
      joined.pipe.end('ordered')
      to(joined).resume()
      expect(await to(joined).reallyEnded()).toBe('ECONNRESET')
      expect(await from(joined).ended).toMatch(/ECONNRESET|EPIPE/)
    },
  )

  test('a reset after an end both ways changes nothing', async () => {
    const { client, backend, ended } = await join()
    client.end()
    backend.end()
    client.socket.on('end', () => client.reset())
    expect(await ended).toMatchObject({ cause: 'finished' })
    expect([await client.ended, await backend.ended]).toEqual(['fin', 'fin'])
  })
}

/** For carriers that know what the peer's kernel has acknowledged. */
export function resetsWaitForAcknowledgements(join: Join): void {
  test.each(WAYS)(
    'a reset waits longer than a second for a reader that goes on taking the bytes before it ($name)',
    async ({ from, to, direction, by }) => {
      const joined = await join()
      const way = joined.pipe[direction]
      const sink = way.sink
      to(joined).pause()
      from(joined).send(pattern(17, MIB))
      await settled(() => way.bytes + way.inside)
      from(joined).reset()
      await until(() => joined.pipe[by].error !== undefined)
      stopClock()
      for (let step = 1; step <= 3; step++) {
        const left = sink.unacknowledgedBytes()!
        if (left === 0) break
        to(joined).resume()
        await until(() => sink.unacknowledgedBytes()! < left)
        to(joined).pause()
        await settled(() => sink.unacknowledgedBytes()!, 50)
        // Waits until the pipe has noticed.
        await until(() => joined.ending !== undefined || joined.pipe.movedAt >= performance.now())
        if (joined.ending !== undefined) break
        advanceClock(900)
      }
      to(joined).resume()
      expect(await joined.ended).toMatchObject({ by, cause: 'reset' })
      expect(await to(joined).reallyEnded()).toBe('ECONNRESET')
      expect(to(joined).missingFrom(from(joined))).toBeUndefined()
    },
  )
}

export function resetsOfUnreadArePassedOn(join: Join): void {
  test.each(WAYS)(
    'a pipe delivers the bytes it holds at a reset to a reader that goes on reading ($name)',
    async ({ from, to, direction, by }) => {
      const joined = await join()
      to(joined).pause()
      from(joined).send(pattern(15, 32 * MIB))
      const way = joined.pipe[direction]
      await settled(() => way.bytes + way.inside)
      advanceClock(5000)
      from(joined).reset()
      await until(() => joined.pipe[by].error !== undefined)
      to(joined).resume()
      expect(await to(joined).reallyEnded()).toBe('ECONNRESET')
      expect(to(joined).receivedBytes).toBe(way.bytes)
      expect(way.inside).toBe(0)
      expect(difference(to(joined).received, pattern(15, way.bytes))).toBeUndefined()
    },
  )

  test.each(WAYS)(
    'a reset waits for a reader that takes nothing for one second at most ($name)',
    async ({ from, to, direction, by }) => {
      const joined = await join()
      to(joined).pause()
      from(joined).send(pattern(16, 32 * MIB))
      const way = joined.pipe[direction]
      await settled(() => way.bytes + way.inside)
      from(joined).reset()
      await until(() => joined.pipe[by].error !== undefined)
      advanceClock(1100)
      expect(await joined.ended).toMatchObject({ cause: 'reset' })
    },
  )
}

export function halfCloseCanClose(join: Join): void {
  test.each(WAYS)(
    'with halfClose "close" a pipe delivers every byte before the end ($name)',
    async ({ from, to, by }) => {
      const joined = await join({ halfClose: 'close' })
      to(joined).pause()
      from(joined).send(pattern(19, 12 * MIB))
      from(joined).end()
      await turns(50)
      to(joined).resume()
      expect(await to(joined).ended).toBe('fin')
      to(joined).end()
      expect(await joined.ended).toEqual({ by, cause: 'finished' })
      expect(await from(joined).ended).toBe('fin')
      expect(to(joined).missingFrom(from(joined))).toBeUndefined()
    },
  )

  test('with halfClose "close" bytes that come after the end destroy none that were sent', async () => {
    const { client, backend, ended } = await join({ halfClose: 'close' })
    client.pause()
    backend.send(pattern(20, 1 * MIB))
    backend.end()
    await turns(100)
    advanceClock(5000)
    await turns(100)
    client.send(pattern(21, 10))
    await turns(100)
    client.resume()
    expect(await client.ended).toBe('fin')
    client.end()
    expect(await ended).toMatchObject({ cause: 'finished' })
    expect(client.missingFrom(backend)).toBeUndefined()
  })
}

export function halfCloseMayLoseBytes(join: Join): void {
  test.each(WAYS)(
    'with halfClose "close" a pipe gives up bytes that nobody takes for 30 s, and reports a timeout ($name)',
    async ({ from, to, direction, other }) => {
      const never = { halfClose: 'close', halfClosedTimeoutMs: 0, idleTimeoutMs: 0 } as const
      const joined = await join(never)
      to(joined).pause()
      // This is more than the reader's kernel takes, and no more than ours takes.
      from(joined).send(pattern(31, 400 * KIB))
      from(joined).end()
      await settled(() => joined.pipe[direction].bytes)
      advanceClock(29_000)
      await turns(500)
      expect(joined.ending).toBeUndefined()
      // The reader's kernel may still take some bytes. That is progress, and begins another 30 s.
      while (joined.ending === undefined) {
        advanceClock(30_000)
        await turns(100)
      }
      expect(joined.ending).toEqual({ by: 'proxy', cause: 'half-closed-timeout', waitedFor: other })
    },
  )
}

/** For carriers that know what was acknowledged. They do not wait for the other side's end. */
export function halfCloseWaitsForAcknowledgements(join: Join): void {
  test.each(WAYS)(
    'with halfClose "close" a pipe ends when one side has ended and every byte is delivered ($name)',
    async ({ from, to, by }) => {
      const joined = await join({ halfClose: 'close' })
      to(joined).pause()
      from(joined).send(pattern(19, 12 * MIB))
      from(joined).end()
      await turns(50)
      to(joined).resume()
      expect(await joined.ended).toEqual({ by, cause: 'finished' })
      expect(await to(joined).ended).toBe('fin')
      expect(to(joined).missingFrom(from(joined))).toBeUndefined()
    },
  )
}

/** For carriers that do not know what was acknowledged. They wait for the other side's end instead. */
export function halfCloseWaitsForTheOtherEnd(join: Join): void {
  test.each(WAYS)(
    'with halfClose "close" a pipe that cannot know what was delivered waits for the other end ($name)',
    async ({ from, to, by }) => {
      const joined = await join({ halfClose: 'close' })
      from(joined).send(pattern(19, 64 * KIB))
      from(joined).end()
      expect(await to(joined).ended).toBe('fin')
      advanceClock(25_000)
      await turns(100)
      expect(joined.ending).toBeUndefined()
      to(joined).end()
      expect(await joined.ended).toEqual({ by, cause: 'finished' })
    },
  )
}

export function deadlinesEndIt(join: Join): void {
  test('a pipe without a byte either way for idleTimeoutMs ends, and both sides get FIN', async () => {
    const { client, backend, pipe, ended } = await join({ idleTimeoutMs: 40_000 })
    client.send(pattern(22, 10))
    await backend.receive(10)
    advanceClock(40_000)
    pipe.expire(performance.now())
    expect(await ended).toMatchObject({ by: 'proxy', cause: 'idle-timeout' })
    expect([await client.ended, await backend.ended]).toEqual(['fin', 'fin'])
  })

  test.each(WAYS)('bytes one way keep a pipe from its idle timeout ($name)', async ({ from, to }) => {
    const joined = await join({ idleTimeoutMs: 60_000 })
    for (let i = 1; i <= 5; i++) {
      advanceClock(50_000)
      from(joined).send(pattern(23, 200 * KIB))
      await to(joined).receive(i * 200 * KIB)
      joined.pipe.expire(performance.now())
    }
    expect(joined.ending).toBeUndefined()
    advanceClock(60_000)
    joined.pipe.expire(performance.now())
    expect(joined.ending).toMatchObject({ cause: 'idle-timeout' })
  })

  test.each(WAYS)(
    'a pipe with a stalled reader ends by its idle timeout, and names the reader as waited for ($name)',
    async ({ from, to, direction, other }) => {
      const joined = await join({ idleTimeoutMs: 60_000 })
      const way = joined.pipe[direction]
      to(joined).pause()
      from(joined).send(pattern(24, 32 * MIB))
      await settled(() => way.bytes + way.inside)
      advanceClock(60_000)
      joined.pipe.expire(performance.now())
      expect(joined.ending).toEqual({ by: 'proxy', cause: 'idle-timeout', waitedFor: other })
    },
  )

  test.each(WAYS)(
    'a half-closed pipe names the side that takes nothing as waited for, not the side yet to end ($name)',
    async ({ from, to, direction, other }) => {
      const joined = await join({ halfClosedTimeoutMs: 30_000 })
      const way = joined.pipe[direction]
      to(joined).pause()
      to(joined).end()
      await from(joined).ended
      from(joined).send(pattern(32, 32 * MIB))
      await settled(() => way.bytes + way.inside)
      advanceClock(30_000)
      joined.pipe.expire(performance.now())
      expect(joined.ending).toEqual({ by: 'proxy', cause: 'half-closed-timeout', waitedFor: other })
    },
  )

  test.each(WAYS)('halfClosedTimeoutMs counts from the end of one way ($name)', async ({ from, to }) => {
    const joined = await join({ halfClosedTimeoutMs: 30_000 })
    advanceClock(100_000)
    from(joined).end()
    expect(await to(joined).ended).toBe('fin')
    advanceClock(29_000)
    joined.pipe.expire(performance.now())
    expect(joined.ending).toBeUndefined()
    advanceClock(1000)
    joined.pipe.expire(performance.now())
    expect(joined.ending).toMatchObject({ by: 'proxy', cause: 'half-closed-timeout' })
  })

  test('a pipe ends after maxLifetimeMs although bytes still move', async () => {
    const { client, backend, pipe, ended } = await join({ maxLifetimeMs: 90_000 })
    advanceClock(80_000)
    client.send(pattern(25, 10))
    await backend.receive(10)
    advanceClock(10_000)
    pipe.expire(performance.now())
    expect(await ended).toMatchObject({ by: 'proxy', cause: 'lifetime' })
  })

  test('a pipe with timeouts of 0 never ends by a deadline', async () => {
    const never = { idleTimeoutMs: 0, halfClosedTimeoutMs: 0, maxLifetimeMs: 0 }
    const joined = await join(never)
    joined.client.end()
    expect(await joined.backend.ended).toBe('fin')
    joined.pipe.expire(performance.now() + 1e12)
    expect(joined.ending).toBeUndefined()
  })
}
