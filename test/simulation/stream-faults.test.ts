/**
 * The stream engine on simulated sockets of Node's. Faults of its own are put back one by one. With each of them some
 * story must break a rule. The log tells the seed at which each fault is found.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { StreamSocket } from '../../src/io/streams/stream-socket.js'
import type { Fault } from './faults.js'
import { findFailure, proxyStories } from './simulate.js'

/** The most stories that are played until a fault is found. */
const MOST_SEEDS = 10_000
const LONGEST_MS = 240_000

interface Expected {
  readonly fault: string
  /** The rules that the story may break first. */
  readonly rules: readonly string[]
  /** The seed at which the search begins, so that it takes less time. Default 1. */
  readonly firstSeed?: number
  readonly faults?: readonly Fault[]
  readonly putBack?: () => void
}

const FAULTS: readonly Expected[] = [
  {
    fault: 'a reset behind bytes is taken for an end if no write can tell',
    rules: ['no end before bytes', 'a true cause'],
    firstSeed: 4301,
    faults: ['reads-on-where-an-end-is-doubtful'],
  },
  {
    fault: 'a socket reads on into memory whose bytes wait to be written',
    rules: ['every byte once and in order'],
    putBack: () => {
      vi.spyOn(StreamSocket.prototype, 'write').mockImplementation(function (this: StreamSocket, bytes) {
        return this.stream.write(bytes)
      })
    },
  },
  {
    fault: 'the stream engine does not wait for a small write of lent bytes that no drain event follows',
    rules: ['nothing stalls'],
    putBack: () => {
      vi.spyOn(StreamSocket.prototype, 'write').mockImplementation(function (
        this: StreamSocket,
        bytes,
        isLent,
      ) {
        return this.stream.write(bytes) && (!isLent || this.stream.writableLength === 0)
      })
    },
  },
  {
    fault: 'a source reads on although its bytes were not taken',
    rules: ['every byte once and in order', 'no end before bytes', 'nothing stalls'],
    putBack: () => {
      vi.spyOn(StreamSocket.prototype, 'hasBytes', 'get').mockReturnValue(false)
    },
  },
]

describe('the simulation of the stream engine', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test.each(FAULTS)(
    'some story breaks a rule when this fault is put back: $fault',
    { timeout: LONGEST_MS },
    async ({ fault, rules, firstSeed = 1, faults = [], putBack }) => {
      putBack?.()
      const stories = proxyStories({ engine: 'stream', faults: new Set(faults) })
      const found = await findFailure(stories, firstSeed, MOST_SEEDS)
      console.log(`${fault}: seed ${found?.seed}, ${found?.failure.message}`)
      expect(rules).toContain(found?.failure.rule)
    },
  )
})
