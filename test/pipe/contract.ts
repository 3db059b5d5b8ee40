/**
 * What every pipe promises, whatever carries its bytes. contract.test.ts runs these tests for each carrier. A new
 * carrier is done when they pass for it.
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
  describe(`a pipe (${carriage.name}, ${family})`, () => {
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
    // A unix socket has no reset. If a peer goes away, that is an end.
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
    'a pipe delivers exactly %i bytes, both ways at once',
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

  test.each(WAYS)('a pipe delivers bytes in order, however they are split ($name)', async ({ from, to }) => {
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

  test('a pipe delivers the bytes that were read before it began first', async () => {
    const heads = { client: pattern(4, 700), backend: pattern(5, 200 * KIB) }
    const { client, backend } = await join({ heads })
    client.send(pattern(6, 100 * KIB))
    backend.send(pattern(7, 300))
    await Promise.all([backend.receive(700 + 100 * KIB), client.receive(200 * KIB + 300)])
    expect(difference(backend.received, Buffer.concat([heads.client, client.sent]))).toBeUndefined()
    expect(difference(client.received, Buffer.concat([heads.backend, backend.sent]))).toBeUndefined()
  })

  test('a pipe counts every byte once, in its own direction', async () => {
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

  test('a pipe that gives out more bytes than came in throws an accounting error', async () => {
    const { pipe } = await join()
    expect(() => pipe.up.gave(1)).toThrow('accounting')
  })
}

function readersSetThePace(join: Join): void {
  test.each(WAYS)(
    'a reader that stops also stops its sender, and delays no other pipe ($name)',
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
  test('a pipe passes a single byte on without waiting for more', async () => {
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
  test('timers and small messages go on beside eight bulk pipes, and all bulk pipes move', async () => {
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
  test('a pipe that an order ends with no byte in flight sends FIN to both sides', async () => {
    const { client, backend, pipe, ended } = await join()
    client.send(pattern(29, 1000))
    await backend.receive(1000)
    pipe.end('ordered')
    expect(await ended).toMatchObject({ by: 'proxy', cause: 'ordered' })
    expect([await client.ended, await backend.ended]).toEqual(['fin', 'fin'])
  })

  test('a pipe that is ended again, also in its end callback, ends once with the first cause', async () => {
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

/** The most the kernel may buffer for a reader that has stopped, and what one carrier may hold. */
function mostInFlight(): number {
  return largestBuffer('rmem') + largestBuffer('wmem') + 2 * MIB
}

/** The largest buffer that the kernel gives a TCP socket by itself. 16 MiB if the kernel does not tell. */
function largestBuffer(name: 'rmem' | 'wmem'): number {
  try {
    return Number(readFileSync(`/proc/sys/net/ipv4/tcp_${name}`, 'utf8').split(/\s+/)[2])
  } catch {
    return 16 * MIB
  }
}
