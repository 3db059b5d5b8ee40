/**
 * What every pipe promises, whatever carries its bytes. contract.test.ts runs these sentences for each carrier;
 * a new carrier is done when they hold for it.
 */
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { difference, pattern } from '../support/bytes.js'
import type { Carriage } from '../support/carriages.js'
import { restoreClock } from '../support/clock.js'
import { type Family, type Joined, Rig } from '../support/rig.js'
import { settled, turns, until } from '../support/wait.js'
import {
  deadlinesEndIt,
  endsArePassedOn,
  halfCloseCanClose,
  halfCloseMayLoseBytes,
  halfCloseWaitsForAcknowledgements,
  halfCloseWaitsForTheOtherEnd,
  resetsArePassedOn,
  resetsOfUnreadArePassedOn,
  resetsWaitForAcknowledgements,
} from './contract-endings.js'
import { type Join, KIB, MIB, WAYS } from './ways.js'

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
    const join: Join = (options) => rig.join(options)

    bytesArrive(join)
    endsArePassedOn(join)
    // A unix socket knows no reset: whoever goes, it is an end.
    if (family !== 'unix') resetsArePassedOn(join)
    if (family !== 'unix' && carriage.noticesResetsOfUnread) resetsOfUnreadArePassedOn(join)
    if (family !== 'unix' && carriage.knowsAcknowledged) resetsWaitForAcknowledgements(join)
    readersSetThePace(join)
    halfCloseCanClose(join)
    if (family !== 'unix') halfCloseMayLoseBytes(join)
    if (carriage.knowsAcknowledged) halfCloseWaitsForAcknowledgements(join)
    else halfCloseWaitsForTheOtherEnd(join)
    deadlinesEndIt(join)
    smallMessagesPass(join)
    nobodyIsStarved(join)
    itCanBeEnded(join)
  })
}

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
