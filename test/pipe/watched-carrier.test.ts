/** A watched carrier shows a direction's first bytes to a watch. It takes only what the sink takes, and then goes. */
import { beforeEach, describe, expect, it } from 'vitest'
import { RunQueue } from '../../src/io/run-queue.js'
import { BROKEN, PEER_ENDED, READABLE, type Socket, WRITABLE } from '../../src/io/socket.js'
import { MUST_WAIT } from '../../src/pipe/carrier.js'
import { directionBetween } from '../../src/pipe/choose-direction.js'
import { createPipeCounters, DEFAULT_SETTINGS } from '../../src/pipe/options.js'

/** A mock source of `text`, and a mock sink that takes `room` bytes at once. */
function fakes(text: string) {
  let left = Buffer.from(text)
  const taken: Buffer[] = []
  const ends = { room: 1000 }
  const asks = { count: 0 }
  const base = { kind: 'stream', error: undefined, queuedBytes: 0 }
  const source = {
    ...base,
    ready: READABLE,
    peek: (most: number) => left.subarray(0, most),
    read: (most: number) => {
      left = left.subarray(most)
    },
    awaitMore: () => {
      asks.count++
    },
  } as unknown as Socket
  const sink = {
    ...base,
    ready: WRITABLE,
    send: (bytes: Buffer) => {
      taken.push(Buffer.from(bytes.subarray(0, ends.room)))
      return Math.min(ends.room, bytes.length)
    },
  } as unknown as Socket
  return { source, sink, ends, asks, taken: () => Buffer.concat(taken).toString() }
}

describe('a watched direction', () => {
  let seen = ''
  beforeEach(() => {
    seen = ''
  })

  const watched = (text: string, until = '!') => {
    const fake = fakes(text)
    const host = { runQueue: new RunQueue(), settings: DEFAULT_SETTINGS, counters: createPipeCounters() }
    const direction = directionBetween(fake.source, fake.sink, host)
    const { carrier } = direction
    direction.showTo((bytes) => {
      seen += bytes.toString()
      return seen.includes(until)
    })
    return { ...fake, direction, isWatched: () => direction.carrier !== carrier }
  }

  it('a watched direction shows the bytes that the sink takes, and leaves the rest in the source', () => {
    const { direction, ends, taken } = watched('hello')
    ends.room = 2
    direction.move(1000)
    expect([seen, taken(), direction.bytes, direction.inside]).toEqual(['he', 'he', 2, 0])
    direction.move(1000)
    expect([seen, taken(), direction.bytes]).toEqual(['hell', 'hell', 4])
  })

  it('a watched direction waits for a kernel short of memory, and for a full sink', () => {
    const { direction, ends, sink, isWatched } = watched('hello')
    ends.room = 0
    expect(direction.carrier.move(direction, 1000)).toBe(MUST_WAIT)
    sink.error = 'EPIPE'
    expect(direction.carrier.move(direction, 1000)).toBe(0)
    sink.error = undefined
    sink.ready = 0
    expect(direction.carrier.move(direction, 1000)).toBe(0)
    expect([seen, isWatched()]).toEqual(['', true])
  })

  it('a watched direction that found no byte asks for the next event', () => {
    const { direction, source, sink, asks } = watched('')
    direction.move(1000)
    expect([source.ready & READABLE, asks.count]).toEqual([0, 1])
    direction.move(1000)
    expect(asks.count).toBe(2)
    sink.ready = 0
    direction.move(1000)
    expect(asks.count).toBe(2)
  })

  it('a watched direction gets its ordinary carrier back once the watch has seen enough', () => {
    const { direction, isWatched } = watched('hello!')
    direction.move(1000)
    expect([seen, isWatched()]).toEqual(['hello!', false])
  })

  it.each([
    ['when its source ends', PEER_ENDED],
    ['when its source breaks', BROKEN],
  ])('a watched direction gets its ordinary carrier back %s', (_, ready) => {
    const { direction, source, isWatched } = watched('')
    source.ready |= ready
    direction.move(1000)
    expect(isWatched()).toBe(false)
  })
})
