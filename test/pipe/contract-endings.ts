/** The part of the contract about endings: ends, resets and deadlines. contract.ts is the whole. */
import { expect, test } from 'vitest'
import { GRACE_MS } from '../../src/io/delivery.js'
import { difference, pattern } from '../support/bytes.js'
import { advanceClock, stopClock } from '../support/clock.js'
import { settled, turns, until } from '../support/wait.js'
import { type Join, KIB, MIB, WAYS } from './ways.js'

export function endsArePassedOn(join: Join): void {
  test.each(WAYS)(
    'an end one way leaves the other way open, however late the answer ($name)',
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
    'the end comes after the last byte, also to a reader that had stopped ($name)',
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
    'an end in the same moment as the last bytes takes none of them along ($name)',
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

  test('an end both ways without a byte is an ordinary end', async () => {
    const { client, backend, ended } = await join()
    client.end()
    backend.end()
    expect([await client.ended, await backend.ended]).toEqual(['fin', 'fin'])
    expect(await ended).toMatchObject({ cause: 'finished' })
  })
}

export function resetsArePassedOn(join: Join): void {
  test.each(WAYS)('a reset is passed on as a reset ($name)', async ({ from, to, by }) => {
    const joined = await join()
    from(joined).reset()
    expect(await to(joined).reallyEnded()).toBe('ECONNRESET')
    expect(await joined.ended).toEqual({ by, cause: 'reset', errno: 'ECONNRESET' })
  })

  test.each(WAYS)('a reset is passed on after an end the other way too ($name)', async ({ from, to, by }) => {
    const joined = await join()
    to(joined).end()
    expect(await from(joined).ended).toBe('fin')
    from(joined).reset()
    expect(await joined.ended).toMatchObject({ by, cause: 'reset' })
    await to(joined).closed
    expect(to(joined).socket.errored).toMatchObject({ code: 'ECONNRESET' })
  })

  test.each(WAYS)(
    'bytes that came before a reset are delivered before it ($name)',
    async ({ from, to, direction, by }) => {
      const joined = await join()
      to(joined).pause()
      // What the kernel of a reader that has stopped takes at least.
      from(joined).send(pattern(14, 96 * KIB))
      await until(() => joined.pipe[direction].bytes === 96 * KIB)
      from(joined).reset()
      await until(() => joined.pipe[by].error !== undefined)
      // Where nobody tells what was acknowledged, a second has to do.
      if (joined.pipe[direction].sink.unacknowledgedBytes() === undefined) advanceClock(GRACE_MS)
      await joined.ended
      to(joined).resume()
      expect(await to(joined).reallyEnded()).toBe('ECONNRESET')
      expect(to(joined).missingFrom(from(joined))).toBeUndefined()
    },
  )

  test.each(WAYS)(
    'ended by order with bytes in flight, both sides see that they are cut ($name)',
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

  test('a reset after both ends changes nothing', async () => {
    const { client, backend, ended } = await join()
    client.end()
    backend.end()
    client.socket.on('end', () => client.reset())
    expect(await ended).toMatchObject({ cause: 'finished' })
    expect([await client.ended, await backend.ended]).toEqual(['fin', 'fin'])
  })
}

/** Where the kernel says what was acknowledged. */
export function resetsWaitForAcknowledgements(join: Join): void {
  test.each(WAYS)(
    'a reader that goes on taking what came before a reset holds it up for longer than a second ($name)',
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
        // Until it has noticed.
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
    'bytes inside the pipe at a reset are delivered to a reader that goes on ($name)',
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
    'a reader that takes nothing more holds a reset up for a second at most ($name)',
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
    'with halfClose "close" everything is delivered before the end ($name)',
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

  test('with halfClose "close" what comes after the end destroys nothing that was sent', async () => {
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
    'with halfClose "close" bytes that nobody takes for 30 s are lost, and the end says so ($name)',
    async ({ from, to, direction, other }) => {
      const never = { halfClose: 'close', halfClosedTimeoutMs: 0, idleTimeoutMs: 0 } as const
      const joined = await join(never)
      to(joined).pause()
      // More than the reader's kernel takes, and no more than ours does.
      from(joined).send(pattern(31, 400 * KIB))
      from(joined).end()
      await settled(() => joined.pipe[direction].bytes)
      advanceClock(29_000)
      await turns(500)
      expect(joined.ending).toBeUndefined()
      // What the reader's kernel may still take is progress, and begins another 30 s.
      while (joined.ending === undefined) {
        advanceClock(30_000)
        await turns(100)
      }
      expect(joined.ending).toEqual({ by: 'proxy', cause: 'half-closed-timeout', waitedFor: other })
    },
  )
}

/** Where the kernel says what was acknowledged, it is not waited for the other side's end. */
export function halfCloseWaitsForAcknowledgements(join: Join): void {
  test.each(WAYS)(
    'with halfClose "close" the pipe ends when one side has ended and all is delivered ($name)',
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

/** Where nobody says so, the other side's end has to. */
export function halfCloseWaitsForTheOtherEnd(join: Join): void {
  test.each(WAYS)(
    'with halfClose "close" the pipe waits for the other end, as nobody tells what was delivered ($name)',
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
  test('silence both ways for idleTimeoutMs ends it, and both sides are told', async () => {
    const { client, backend, pipe, ended } = await join({ idleTimeoutMs: 40_000 })
    client.send(pattern(22, 10))
    await backend.receive(10)
    advanceClock(40_000)
    pipe.expire(performance.now())
    expect(await ended).toMatchObject({ by: 'proxy', cause: 'idle-timeout' })
    expect([await client.ended, await backend.ended]).toEqual(['fin', 'fin'])
  })

  test.each(WAYS)('bytes of either way keep it from being idle ($name)', async ({ from, to }) => {
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
    'a stalled reader does not keep it from being idle, and is who was waited for ($name)',
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
    'whoever takes nothing keeps the others waiting, not who has yet to end ($name)',
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

  test.each(WAYS)('halfClosedTimeoutMs begins with the end of one way ($name)', async ({ from, to }) => {
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

  test('maxLifetimeMs ends it whatever it does', async () => {
    const { client, backend, pipe, ended } = await join({ maxLifetimeMs: 90_000 })
    advanceClock(80_000)
    client.send(pattern(25, 10))
    await backend.receive(10)
    advanceClock(10_000)
    pipe.expire(performance.now())
    expect(await ended).toMatchObject({ by: 'proxy', cause: 'lifetime' })
  })

  test('a deadline of 0 never comes', async () => {
    const never = { idleTimeoutMs: 0, halfClosedTimeoutMs: 0, maxLifetimeMs: 0 }
    const joined = await join(never)
    joined.client.end()
    expect(await joined.backend.ended).toBe('fin')
    joined.pipe.expire(performance.now() + 1e12)
    expect(joined.ending).toBeUndefined()
  })
}
