/**
 * Faults of a supervisor are put back one by one. With each of them some story of workers must break a rule. The log tells
 * the seed at which each fault is found.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { SharedCounts } from '../../../src/limits/counts/shared-counts.js'
import { CheckedBackend } from '../../../src/proxy/health/checked-backend.js'
import { Watchdog } from '../../../src/workers/slots/watchdog.js'
import { WorkerChannel } from '../../../src/workers/slots/worker-channel.js'
import { Loans } from '../../../src/workers/sockets/loans.js'
import { CheckFeed } from '../../../src/workers/state/check-feed.js'
import { DesiredState } from '../../../src/workers/state/desired-state.js'
import { Figures } from '../../../src/workers/state/figures.js'
import { SharedBans } from '../../../src/workers/state/shared-bans.js'
import { findFailure, replay } from '../simulate.js'
import { workerStories } from './story.js'

/** The most stories that are played until a fault is found. */
const MOST_SEEDS = 2000
const LONGEST_MS = 240_000

interface Expected {
  readonly fault: string
  /** The rules that the story may break first. */
  readonly rules: readonly string[]
  /** The seed at which the search begins. No earlier seed finds the fault. Default 1. */
  readonly firstSeed?: number
  readonly putBack: () => void
}

const FAULTS: readonly Expected[] = [
  {
    fault: 'a worker that replaces another is not told the present orders',
    rules: ['each worker knows what holds'],
    putBack: () => {
      const { send } = WorkerChannel.prototype
      vi.spyOn(WorkerChannel.prototype, 'send').mockImplementation(function (
        this: WorkerChannel,
        message,
        handle,
      ) {
        send.call(this, message.kind === 'start' ? { ...message, orders: [] } : message, handle)
      })
    },
  },
  {
    fault: 'a worker is not told what is ordered while it starts',
    rules: ['each worker knows what holds'],
    putBack: () => {
      vi.spyOn(DesiredState.prototype, 'update').mockResolvedValue()
    },
  },
  {
    fault: 'a worker that comes later is not told which bans hold',
    rules: ['each worker knows what holds'],
    putBack: () => {
      vi.spyOn(SharedBans.prototype, 'greet').mockReturnValue([])
    },
  },
  {
    fault: 'a worker that comes later is not told what checks and agents say',
    rules: ['each worker knows what holds'],
    putBack: () => {
      vi.spyOn(CheckFeed.prototype, 'greet').mockReturnValue([])
    },
  },
  {
    fault: 'checks of a backend that comes back begin to count from 0',
    rules: ['no count falls'],
    putBack: () => {
      vi.spyOn(CheckedBackend.prototype, 'counts', 'get').mockReturnValue(undefined)
    },
  },
  {
    fault: 'the supervisor forgets the counts of a worker that died',
    rules: ['no count falls'],
    putBack: () => {
      vi.spyOn(Figures.prototype, 'gone').mockImplementation(() => {})
    },
  },
  {
    fault: 'what a worker held that died is not given back',
    rules: ['no place is lost', 'nothing is left'],
    putBack: () => {
      vi.spyOn(SharedCounts.prototype, 'reclaim').mockReturnValue(true)
    },
  },
  {
    fault: 'no other worker accepts for a slot while its worker is replaced',
    rules: ['somebody accepts'],
    firstSeed: 701,
    putBack: () => {
      vi.spyOn(Loans.prototype, 'begin').mockImplementation(() => {})
    },
  },
  {
    fault: 'the supervisor does not end a worker that hangs',
    rules: ['every worker is replaced'],
    putBack: () => {
      vi.spyOn(Watchdog.prototype, 'start').mockImplementation(() => {})
    },
  },
]

describe('the simulation of workers', () => {
  const title = 'some story of workers breaks a rule when this fault is put back: $fault'
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test.each(FAULTS)(title, { timeout: LONGEST_MS }, async ({ fault, rules, firstSeed = 1, putBack }) => {
    putBack()
    const found = await findFailure(workerStories, firstSeed, MOST_SEEDS)
    console.log(`${fault}: seed ${found?.seed}, ${found?.failure.message}`)
    expect(rules).toContain(found?.failure.rule)
    expect(await replay(workerStories, found!)).toEqual(found!.failure)
  })
})
