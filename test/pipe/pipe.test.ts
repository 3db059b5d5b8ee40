/** What a pipe does that no peer can provoke: its guard against loops, its accounting, what it tells of itself. */
import { expect, test } from 'vitest'
import { RunQueue } from '../../src/io/run-queue.js'
import type { Socket } from '../../src/io/socket.js'
import { READABLE, WRITABLE } from '../../src/io/socket.js'
import { directionBetween } from '../../src/pipe/choose-direction.js'
import { createPipeCounters, DEFAULT_SETTINGS, type PipeEnding } from '../../src/pipe/options.js'
import { Pipe } from '../../src/pipe/pipe.js'

/** Says it is ready and never moves a byte: what a bug in a carrier or a kernel would look like. */
class StuckSocket implements Socket {
  readonly kind = 'stream'
  readonly notSplicing = 'not-a-plain-socket'
  readonly isFlushed = true
  readonly queuedBytes = 0
  readonly hasBytes = true
  ready = READABLE | WRITABLE
  owner = undefined
  error: string | undefined = undefined
  isClosed = false
  closings: string[] = []

  take(): undefined {}
  setReading(): void {}
  awaitMore(): void {}
  release(): undefined {}
  localAddress(): undefined {}
  peek(): Buffer {
    return Buffer.alloc(0)
  }
  read(): Buffer {
    return Buffer.alloc(0)
  }
  send(): number {
    return 0
  }
  shutdown(): void {
    this.closings.push('shutdown')
  }
  close(): void {
    this.closings.push('close')
  }
  reset(): void {
    this.closings.push('reset')
  }
  unacknowledgedBytes(): number {
    return 0
  }
  setLiveness(): void {}
  roundTripMicros(): undefined {}
}

test('a pipe that stays ready without progress is cut, counted and described', async () => {
  const runQueue = new RunQueue()
  const counters = createPipeCounters()
  const [client, backend] = [new StuckSocket(), new StuckSocket()]
  let description: Record<string, unknown> | undefined
  const ending = await new Promise<PipeEnding>((onEnd) => {
    const pipeEnded = (how: PipeEnding): void => {
      description = pipe.describe()
      onEnd(how)
    }
    const host = { runQueue, settings: DEFAULT_SETTINGS, counters }
    const pipe = new Pipe(client, backend, host, { pipeEnded })
    pipe.up.took(5)
    pipe.start()
  })
  expect(ending).toMatchObject({ by: 'proxy', cause: 'infinite-loop' })
  expect(counters.infiniteLoops).toBe(1)
  expect(description).toMatchObject({
    stuckRuns: 100,
    up: { carrier: 'stream', phase: 'flowing', inside: 5, sourceReady: READABLE | WRITABLE },
    down: { carrier: 'stream', phase: 'flowing', inside: 0 },
  })
  expect([client.closings, backend.closings]).toEqual([['reset'], ['reset']])
})

test('an end is not handed on while bytes that came before it are still inside', () => {
  const [client, backend] = [new StuckSocket(), new StuckSocket()]
  const host = { runQueue: new RunQueue(), settings: DEFAULT_SETTINGS, counters: createPipeCounters() }
  const direction = directionBetween(client, backend, host, Buffer.from('five!'))
  direction.sourceEnded()
  direction.settle(false)
  expect([direction.phase, backend.closings]).toEqual(['draining', []])
  direction.gave(5)
  direction.settle(false)
  expect([direction.phase, backend.closings]).toEqual(['finished', ['shutdown']])
})

test('both sockets are closed even if whoever is told of the end throws', () => {
  const [client, backend] = [new StuckSocket(), new StuckSocket()]
  const fail = (): void => {
    throw new Error('a bug of the caller')
  }
  const host = { runQueue: new RunQueue(), settings: DEFAULT_SETTINGS, counters: createPipeCounters() }
  const pipe = new Pipe(client, backend, host, { pipeEnded: fail })
  expect(() => pipe.end('ordered')).toThrow('a bug of the caller')
  expect([client.closings, backend.closings]).toEqual([['reset'], ['reset']])
})

test('a direction whose sink broke takes nothing more of its source, whatever it still had inside', () => {
  const host = { runQueue: new RunQueue(), settings: DEFAULT_SETTINGS, counters: createPipeCounters() }
  const pipe = new Pipe(new StuckSocket(), new StuckSocket(), host, { pipeEnded: () => {} })
  pipe.up.took(5)
  expect(pipe.up.canMove).toBe(true)
  pipe.up.socketFailed(pipe.up.sink, 'EPIPE')
  expect(pipe.up).toMatchObject({ phase: 'failed', inside: 5, canMove: false })
})
