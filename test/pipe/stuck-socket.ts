/** A pipe without a network. Its mock sockets and carriers do what a test sets. */
import { vi } from 'vitest'
import { RunQueue } from '../../src/io/run-queue.js'
import type { Socket } from '../../src/io/socket.js'
import { READABLE, WRITABLE } from '../../src/io/socket.js'
import type { Direction } from '../../src/pipe/direction.js'
import type { Flow } from '../../src/pipe/flow.js'
import {
  createPipeCounters,
  DEFAULT_SETTINGS,
  type PipeEnding,
  type PipeHost,
  type PipeSettings,
} from '../../src/pipe/options.js'
import { Pipe } from '../../src/pipe/pipe.js'

/** A socket that says it is ready and never moves a byte, as with a bug in a carrier or a kernel. */
export class StuckSocket implements Socket {
  readonly kind = 'stream'
  readonly notSplicing = 'not-a-plain-socket'
  readonly hasBytes = true
  isFlushed = true
  queuedBytes = 0
  /** The result of `unacknowledgedBytes`. */
  unacknowledged: number | undefined = 0
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
  unacknowledgedBytes(): number | undefined {
    return this.unacknowledged
  }
  setLiveness(): void {}
  setPacing(): boolean {
    return false
  }
  tcpInfo(): undefined {}
}

export function hostWith(settings: Partial<PipeSettings> = {}): PipeHost {
  return {
    runQueue: new RunQueue(),
    settings: { ...DEFAULT_SETTINGS, ...settings },
    counters: createPipeCounters(),
  }
}

/** A pipe of two stuck sockets that has not started, and the mock functions of its owner. */
export function stuckPipe(settings: Partial<PipeSettings> = {}) {
  const [client, backend] = [new StuckSocket(), new StuckSocket()]
  const host = hostWith(settings)
  const owner = { pipeEnded: vi.fn((_: PipeEnding) => {}), backendAnswered: vi.fn() }
  return { pipe: new Pipe(client, backend, host, owner), client, backend, host, ...owner }
}

/** Gives `direction` a carrier that moves with `move`. */
export function carry(direction: Direction, move: (flow: Flow, budget: number) => number): void {
  direction.carrier = { name: 'stream', move, drop: () => {} }
}
