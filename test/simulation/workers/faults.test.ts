/**
 * Faults of a supervisor are put back one by one, and some story of workers must break a rule by each. The seed at which
 * each is found stands in the log.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Watchdog } from '../../../src/workers/slots/watchdog.js'
import { WorkerChannel } from '../../../src/workers/slots/worker-channel.js'
import { Loans } from '../../../src/workers/sockets/loans.js'
import { DesiredState } from '../../../src/workers/state/desired-state.js'
import { Figures } from '../../../src/workers/state/figures.js'
import { findFailure, replay } from '../simulate.js'
import { workerStories } from './story.js'

/** Stories until a fault is found, at most. */
const MOST_SEEDS = 2000
const LONGEST_MS = 240_000

interface Expected {
  readonly fault: string
  /** Those that may be the first to be broken. */
  readonly rules: readonly string[]
  readonly putBack: () => void
}

const FAULTS: readonly Expected[] = [
  {
    fault: 'a worker that replaces another is not told of orders',
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
    fault: 'what is ordered while a worker starts is not told to it',
    rules: ['each worker knows what holds'],
    putBack: () => {
      vi.spyOn(DesiredState.prototype, 'update').mockResolvedValue()
    },
  },
  {
    fault: 'the counts of a worker that died are forgotten',
    rules: ['no count falls'],
    putBack: () => {
      vi.spyOn(Figures.prototype, 'gone').mockImplementation(() => {})
    },
  },
  {
    fault: 'nobody accepts for a slot while its worker is replaced',
    rules: ['somebody accepts'],
    putBack: () => {
      vi.spyOn(Loans.prototype, 'begin').mockImplementation(() => {})
    },
  },
  {
    fault: 'a worker that hangs is not ended',
    rules: ['every worker is replaced'],
    putBack: () => {
      vi.spyOn(Watchdog.prototype, 'start').mockImplementation(() => {})
    },
  },
]

describe('a fault of the supervisor that is put back is found', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test.each(FAULTS)('$fault', { timeout: LONGEST_MS }, async ({ fault, rules, putBack }) => {
    putBack()
    const found = await findFailure(workerStories, 1, MOST_SEEDS)
    console.log(`${fault}: seed ${found?.seed}, ${found?.failure.message}`)
    expect(rules).toContain(found?.failure.rule)
    expect(await replay(workerStories, found!)).toEqual(found!.failure)
  })
})
