/**
 * Random schedules of what two peers may do to a pipe, with every carrier. Each stream arrives as it was sent. If a
 * peer resets, a beginning of the stream arrives. MILLRACE_SEED tries other schedules.
 */
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { difference, pattern } from '../support/bytes.js'
import { carriages } from '../support/carriages.js'
import { advanceClock, restoreClock } from '../support/clock.js'
import type { Peer } from '../support/peer.js'
import { type Family, type Joined, Rig } from '../support/rig.js'
import { turns } from '../support/wait.js'

const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const MOST_SCHEDULES = 100
/** A slow machine that runs out of time must have played at least this many. Fewer would prove little. */
const LEAST_SCHEDULES = 40
const MOST_MS = 4000
/** A schedule that takes this long hangs. */
const HANG_MS = 3000

type Side = 'client' | 'backend'
type Step = { side: Side } & (
  | { do: 'write'; bytes: number }
  | { do: 'pause' | 'resume' | 'end' | 'reset' }
  | { do: 'wait'; turns: number }
)

const side = fc.constantFrom<Side>('client', 'backend')
const bytes = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: 0, max: 5000 }),
  fc.integer({ min: 30_000, max: 70_000 }),
  fc.integer({ min: 0, max: 3_000_000 }),
)
const write = fc.record({ side, do: fc.constant<'write'>('write'), bytes })
const wait = fc.record({ side, do: fc.constant<'wait'>('wait'), turns: fc.integer({ min: 1, max: 12 }) })
const act = (...what: ('pause' | 'resume' | 'end' | 'reset')[]) =>
  fc.record({ side, do: fc.constantFrom(...what) })

/** If no peer can reset, every byte must arrive. If one can, the check compares only what has arrived. */
function scheduleOf(canReset: boolean): fc.Arbitrary<Step[]> {
  const steps = [
    { weight: 6, arbitrary: write },
    { weight: 6, arbitrary: wait },
    { weight: 3, arbitrary: act('pause', 'resume') },
    { weight: 1, arbitrary: act('end') },
  ]
  const reset = canReset ? [{ weight: 1, arbitrary: act('reset') }] : []
  return fc.array(fc.oneof(...steps, ...reset), { maxLength: 30 })
}

/** A peer within a schedule. It does those steps that are possible, and remembers whether it reset. */
class Player {
  readonly peer: Peer
  readonly #seed: number
  hasReset = false
  #hasEnded = false

  constructor(peer: Peer, seed: number) {
    this.peer = peer
    this.#seed = seed
  }

  play(step: Step): void {
    if (this.hasReset) return
    if (step.do === 'write' && !this.#hasEnded) {
      this.peer.send(pattern(this.#seed, step.bytes, this.peer.sentBytes))
    } else if (step.do === 'pause') this.peer.pause()
    else if (step.do === 'resume') this.peer.resume()
    else if (step.do === 'end') this.end()
    else if (step.do === 'reset') {
      this.hasReset = true
      this.peer.reset()
    }
  }

  end(): void {
    this.#hasEnded = true
    if (!this.hasReset) this.peer.end()
  }
}

async function play(joined: Joined, steps: readonly Step[]): Promise<void> {
  const players = { client: new Player(joined.client, 1), backend: new Player(joined.backend, 2) }
  for (const step of steps) {
    if (step.do === 'wait') await turns(step.turns)
    else players[step.side].play(step)
  }
  for (const player of Object.values(players)) {
    player.play({ side: 'client', do: 'resume' })
    player.end()
  }
  const wasReset = players.client.hasReset || players.backend.hasReset
  await endOf(joined, wasReset)
  check(joined.client, joined.backend, wasReset)
  check(joined.backend, joined.client, wasReset)
  if (!wasReset) expect(joined.ending?.cause).toBe('finished')
}

/** A carrier that does not know what is delivered waits a second after a reset. The test moves the clock on. */
async function endOf(joined: Joined, wasReset: boolean): Promise<void> {
  while (wasReset && joined.ending === undefined) {
    await turns(50)
    advanceClock(1000)
  }
  await joined.ended
  await Promise.all([joined.client.closed, joined.backend.closed])
}

function check(sender: Peer, receiver: Peer, wasReset: boolean): void {
  const { received } = receiver
  const expected = wasReset ? sender.sent.subarray(0, received.length) : sender.sent
  expect(difference(received, expected)).toBeUndefined()
}

afterEach(restoreClock)
console.log(`schedules of MILLRACE_SEED=${SEED}`)

for (const carriage of carriages()) {
  const playAll = async (steps: fc.Arbitrary<Step[]>, family: Family): Promise<void> => {
    const property = fc.asyncProperty(steps, async (schedule) => {
      const rig = new Rig(carriage, family)
      await play(await rig.join({ idleTimeoutMs: 0, halfClosedTimeoutMs: 0 }), schedule)
      expect(await rig.finish()).toEqual([])
    })
    const limits = {
      numRuns: MOST_SCHEDULES,
      timeout: HANG_MS,
      interruptAfterTimeLimit: MOST_MS,
      markInterruptAsFailure: false,
    }
    const played = await fc.check(property, { seed: SEED, ...limits })
    if (played.failed) throw new Error(await fc.asyncDefaultReportMessage(played))
    if (played.interrupted)
      console.log(`${carriage.name}, ${family}: ${played.numRuns} schedules in ${MOST_MS} ms`)
    expect(played.numRuns).toBeGreaterThanOrEqual(LEAST_SCHEDULES)
  }

  describe(`a pipe (${carriage.name})`, () => {
    test('random steps of two peers over IPv4 lose no byte of either stream', () =>
      playAll(scheduleOf(false), 'IPv4'))
    test('random steps of two peers over unix sockets lose no byte of either stream', () =>
      playAll(scheduleOf(false), 'unix'))
    test('random steps with resets deliver only true beginnings of both streams', () =>
      playAll(scheduleOf(true), 'IPv4'))
  })
}
