/** What no peer can provoke in a pipe: its guard against loops, its accounting and its description. */
import { expect, test } from 'vitest'
import { RunQueue } from '../../src/io/run-queue.js'
import { READABLE, WRITABLE } from '../../src/io/socket.js'
import { createPipeCounters, DEFAULT_SETTINGS, type PipeEnding } from '../../src/pipe/options.js'
import { Pipe } from '../../src/pipe/pipe.js'
import { StuckSocket } from './stuck-socket.js'

test('a pipe that stays ready without progress is reset, counted and described', async () => {
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

test('a pipe whose end callback throws still closes both sockets', () => {
  const [client, backend] = [new StuckSocket(), new StuckSocket()]
  const fail = (): void => {
    throw new Error('a bug of the caller')
  }
  const host = { runQueue: new RunQueue(), settings: DEFAULT_SETTINGS, counters: createPipeCounters() }
  const pipe = new Pipe(client, backend, host, { pipeEnded: fail })
  expect(() => pipe.end('ordered')).toThrow('a bug of the caller')
  expect([client.closings, backend.closings]).toEqual([['reset'], ['reset']])
})
