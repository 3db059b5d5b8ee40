/**
 * The stream engine in simulated sockets of Node's: faults of its own are put back one by one, and some story must break
 * a rule by each. The seed at which each is found stands in the log.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { StreamSocket } from '../../src/io/streams/stream-socket.js'
import type { Fault } from './faults.js'
import { findFailure, proxyStories } from './simulate.js'

/** Stories until a fault is found, at most. */
const MOST_SEEDS = 10_000
const LONGEST_MS = 240_000

interface Expected {
  readonly fault: string
  /** With the rules that may be the first to be broken. */
  readonly rules: readonly string[]
  /** Where the search begins: before it none was found. Default 1. */
  readonly firstSeed?: number
  readonly faults?: readonly Fault[]
  readonly putBack?: () => void
}

const FAULTS: readonly Expected[] = [
  {
    fault: 'a reset behind bytes is taken for an end, where a write cannot tell',
    rules: ['no end before bytes', 'a true cause'],
    firstSeed: 4001,
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
    fault: 'nobody waits for the end of a small write of lent bytes, of which no drain tells',
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
    fault: 'a source is read on though its bytes were not taken',
    rules: ['every byte once and in order', 'no end before bytes', 'nothing stalls'],
    putBack: () => {
      vi.spyOn(StreamSocket.prototype, 'hasBytes', 'get').mockReturnValue(false)
    },
  },
]

describe('a fault of the stream engine that is put back is found', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test.each(FAULTS)(
    '$fault',
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
