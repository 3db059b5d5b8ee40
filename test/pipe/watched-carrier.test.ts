/** A carrier that shows what goes by takes nothing that the sink does not take, and makes room when it was seen. */
import { beforeEach, describe, expect, it } from 'vitest'
import { RunQueue } from '../../src/io/run-queue.js'
import { BROKEN, PEER_ENDED, READABLE, type Socket, WRITABLE } from '../../src/io/socket.js'
import { MUST_WAIT } from '../../src/pipe/carrier.js'
import { directionBetween } from '../../src/pipe/choose-direction.js'
import { createPipeCounters, DEFAULT_SETTINGS } from '../../src/pipe/options.js'

/** A source of `text`, and a sink that takes `room` bytes at once. */
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

  it('shows what the sink takes, and leaves the rest in the source', () => {
    const { direction, ends, taken } = watched('hello')
    ends.room = 2
    direction.move(1000)
    expect([seen, taken(), direction.bytes, direction.inside]).toEqual(['he', 'he', 2, 0])
    direction.move(1000)
    expect([seen, taken(), direction.bytes]).toEqual(['hell', 'hell', 4])
  })

  it('waits for a kernel that is short of memory, and for a sink that is full', () => {
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

  it('asks for more where it found nothing', () => {
    const { direction, source, sink, asks } = watched('')
    direction.move(1000)
    expect([source.ready & READABLE, asks.count]).toEqual([0, 1])
    direction.move(1000)
    expect(asks.count).toBe(2)
    sink.ready = 0
    direction.move(1000)
    expect(asks.count).toBe(2)
  })

  it('is an ordinary one once enough was seen', () => {
    const { direction, isWatched } = watched('hello!')
    direction.move(1000)
    expect([seen, isWatched()]).toEqual(['hello!', false])
  })

  it.each([
    ['at the end of its source', PEER_ENDED],
    ['where its source broke', BROKEN],
  ])('is an ordinary one %s', (_, ready) => {
    const { direction, source, isWatched } = watched('')
    source.ready |= ready
    direction.move(1000)
    expect(isWatched()).toBe(false)
  })
})
