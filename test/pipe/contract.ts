/**
 * What every pipe promises, whatever carries its bytes. contract.test.ts runs these sentences for each carrier;
 * a new carrier is done when they hold for it.
 */
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { difference, pattern } from '../support/bytes.js'
import type { Carriage } from '../support/carriages.js'
import { advanceClock, restoreClock } from '../support/clock.js'
import type { Peer } from '../support/peer.js'
import { type Family, type Joined, Rig } from '../support/rig.js'
import { settled, turns, until } from '../support/wait.js'

const KIB = 1024
const MIB = 1024 * KIB

/** Either way of a joined pair, so that each sentence is told once and checked for both. */
interface Way {
  readonly name: string
  readonly from: (joined: Joined) => Peer
  readonly to: (joined: Joined) => Peer
  readonly direction: 'up' | 'down'
  readonly by: 'client' | 'backend'
}

const UP: Way = { name: 'up', from: (j) => j.client, to: (j) => j.backend, direction: 'up', by: 'client' }
const DOWN: Way = {
  name: 'down',
  from: (j) => j.backend,
  to: (j) => j.client,
  direction: 'down',
  by: 'backend',
}
const WAYS = [UP, DOWN]

export function pipeContract(carriage: Carriage, family: Family): void {
  describe(`${carriage.name}, ${family}`, () => {
    let rig: Rig
    beforeEach(() => {
      rig = new Rig(carriage, family)
    })
    afterEach(async () => {
      restoreClock()
      expect(await rig.finish()).toEqual([])
    })
    const join: Rig['join'] = (options) => rig.join(options)

    bytesArrive(join)
    endsArePassedOn(join)
    // A unix socket knows no reset: whoever goes, it is an end.
    if (family !== 'unix') resetsArePassedOn(join)
    if (family !== 'unix' && carriage.noticesResetsOfUnread) resetsOfUnreadArePassedOn(join)
    readersSetThePace(join)
    halfCloseCanClose(join)
    deadlinesEndIt(join)
    smallMessagesPass(join)
    nobodyIsStarved(join)
    itCanBeEnded(join)
  })
}

type Join = Rig['join']

function bytesArrive(join: Join): void {
  test.each([0, 1, 2, 4095, 4096, 65_537, 5 * MIB + 1])(
    '%i bytes arrive exactly, both ways at once',
    async (size) => {
      const { client, backend, ended } = await join()
      client.send(pattern(1, size))
      backend.send(pattern(2, size))
      client.end()
      backend.end()
      expect(await ended).toMatchObject({ cause: 'finished' })
      await Promise.all([client.closed, backend.closed])
      expect(backend.missingFrom(client)).toBeUndefined()
      expect(client.missingFrom(backend)).toBeUndefined()
    },
  )

  test.each(WAYS)('bytes arrive in order however they are split ($name)', async ({ from, to }) => {
    const joined = await join()
    const sender = from(joined)
    let offset = 0
    for (const size of [1, 1, 1, 3, 1447, 1, 16 * KIB, 2, 64 * KIB + 3, 1, 300 * KIB + 7, 5]) {
      sender.send(pattern(3, size, offset))
      offset += size
      await turns(1)
    }
    await to(joined).receive(offset)
    expect(to(joined).missingFrom(sender)).toBeUndefined()
  })

  test('bytes that were read before the pipe began go first', async () => {
    const heads = { client: pattern(4, 700), backend: pattern(5, 200 * KIB) }
    const { client, backend } = await join({ heads })
    client.send(pattern(6, 100 * KIB))
    backend.send(pattern(7, 300))
    await Promise.all([backend.receive(700 + 100 * KIB), client.receive(200 * KIB + 300)])
    expect(difference(backend.received, Buffer.concat([heads.client, client.sent]))).toBeUndefined()
    expect(difference(client.received, Buffer.concat([heads.backend, backend.sent]))).toBeUndefined()
  })

  test('every byte is counted once, on the way of its own', async () => {
    const { client, backend, pipe, ended } = await join()
    client.send(pattern(8, 3 * MIB + 5))
    backend.send(pattern(9, 12_345))
    client.end()
    backend.end()
    await ended
    expect(pipe.totals).toMatchObject({ bytesUp: 3 * MIB + 5, bytesDown: 12_345 })
    expect(pipe.up.inside + pipe.down.inside).toBe(0)
    expect(pipe.totals.splicedUp).toBeLessThanOrEqual(pipe.totals.bytesUp)
  })

  test('giving out more than came in is an assertion that fails', async () => {
    const { pipe } = await join()
    expect(() => pipe.up.gave(1)).toThrow('accounting')
  })
}

function endsArePassedOn(join: Join): void {
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

function resetsArePassedOn(join: Join): void {
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
    async ({ from, to, direction }) => {
      const joined = await join()
      to(joined).pause()
      from(joined).send(pattern(14, 150 * KIB))
      await until(() => joined.pipe[direction].bytes === 150 * KIB)
      from(joined).reset()
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

function resetsOfUnreadArePassedOn(join: Join): void {
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

function readersSetThePace(join: Join): void {
  test.each(WAYS)(
    'a reader that stops stops the other side, and delays nobody else ($name)',
    async ({ from, to, direction }) => {
      const joined = await join()
      const neighbour = await join()
      const total = 48 * MIB
      to(joined).pause()
      from(joined).send(pattern(17, total))
      const way = joined.pipe[direction]
      await settled(() => way.bytes + way.inside)
      expect(way.bytes + way.inside).toBeLessThanOrEqual(mostInFlight())
      for (let i = 1; i <= 50; i++) {
        neighbour.client.send(pattern(18, 100, i))
        await neighbour.backend.receive(i * 100)
      }
      to(joined).resume()
      await to(joined).receive(total)
      expect(to(joined).missingFrom(from(joined))).toBeUndefined()
    },
  )
}

function halfCloseCanClose(join: Join): void {
  test.each(WAYS)(
    'with halfClose "close" the pipe ends when one side has ended and all is delivered ($name)',
    async ({ from, to, by }) => {
      const joined = await join({ halfClose: 'close' })
      to(joined).pause()
      from(joined).send(pattern(19, 12 * MIB))
      from(joined).end()
      await turns(50)
      to(joined).resume()
      expect(await to(joined).ended).toBe('fin')
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
    client.send(pattern(21, 10))
    await turns(100)
    client.resume()
    await ended
    expect(await client.ended).toBe('fin')
    expect(client.missingFrom(backend)).toBeUndefined()
  })
}

function deadlinesEndIt(join: Join): void {
  test('silence both ways for idleTimeoutMs ends it, and both sides are told', async () => {
    const { client, backend, ended } = await join({ idleTimeoutMs: 40 })
    client.send(pattern(22, 10))
    await backend.receive(10)
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
    'a stalled reader does not keep it from being idle ($name)',
    async ({ from, to, direction }) => {
      const joined = await join({ idleTimeoutMs: 60_000 })
      const way = joined.pipe[direction]
      to(joined).pause()
      from(joined).send(pattern(24, 32 * MIB))
      await settled(() => way.bytes + way.inside)
      advanceClock(60_000)
      joined.pipe.expire(performance.now())
      expect(joined.ending).toMatchObject({ cause: 'idle-timeout' })
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

function smallMessagesPass(join: Join): void {
  test('a byte is passed on without waiting for more', async () => {
    const { client, backend } = await join()
    for (let i = 1; i <= 200; i++) {
      client.send(pattern(25, 1, i))
      await backend.receive(i)
      backend.send(pattern(26, 1, i))
      await client.receive(i)
    }
    expect(backend.missingFrom(client)).toBeUndefined()
    expect(client.missingFrom(backend)).toBeUndefined()
  })
}

function nobodyIsStarved(join: Join): void {
  test('timers, promises and small connections go on beside bulk ones, and these all move', async () => {
    const bulk = await Promise.all(Array.from({ length: 8 }, () => join()))
    const { client, backend } = await join()
    for (const each of bulk) {
      each.client.isKeeping = false
      each.backend.sendForEver(pattern(27, 256 * KIB))
    }
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    for (let i = 1; i <= 50; i++) {
      client.send(pattern(28, 100, i))
      await backend.receive(i * 100)
    }
    await until(() => ticks >= 20)
    clearInterval(timer)
    for (const each of bulk) expect(each.client.receivedBytes).toBeGreaterThan(256 * KIB)
  })
}

function itCanBeEnded(join: Join): void {
  test('ended by order with nothing in flight, both sides get a clean end', async () => {
    const { client, backend, pipe, ended } = await join()
    client.send(pattern(29, 1000))
    await backend.receive(1000)
    pipe.end('ordered')
    expect(await ended).toMatchObject({ by: 'proxy', cause: 'ordered' })
    expect([await client.ended, await backend.ended]).toEqual(['fin', 'fin'])
  })

  test('ending it twice, and from the callback that tells of its end, does nothing more', async () => {
    let endings = 0
    const again = (pipe: Joined['pipe']): void => {
      endings++
      pipe.end('ordered')
    }
    const { pipe, ended } = await join({ onEnd: again })
    pipe.end('lifetime')
    pipe.end('ordered')
    expect(await ended).toMatchObject({ cause: 'lifetime' })
    expect(endings).toBe(1)
  })
}

/** What the kernel may buffer on the way to a reader that stands still, and one carrier's worth. */
function mostInFlight(): number {
  return largestBuffer('rmem') + largestBuffer('wmem') + 2 * MIB
}

/** The largest buffer the kernel gives a TCP socket by itself; where it does not say, more than anybody's. */
function largestBuffer(name: 'rmem' | 'wmem'): number {
  try {
    return Number(readFileSync(`/proc/sys/net/ipv4/tcp_${name}`, 'utf8').split(/\s+/)[2])
  } catch {
    return 16 * MIB
  }
}
