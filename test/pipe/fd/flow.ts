/** A flow between two fds that is nothing but its state, for what is decided by that alone. */
import { vi } from 'vitest'
import { WRITABLE } from '../../../src/io/socket.js'
import { copyCarrier } from '../../../src/pipe/fd/copy-carrier.js'
import type { FdFlow } from '../../../src/pipe/fd/fd-flow.js'
import { createPipeCounters } from '../../../src/pipe/options.js'

/** In `auto`, it copies, has moved something, holds nothing, and both ends take bytes. */
export function flowWith(facts: object = {}, source: object = {}, sink: object = {}) {
  const loop = { offloadCopy: vi.fn(), endOffload: vi.fn() }
  const ends = {
    source: { fd: 3, loop, ready: WRITABLE, error: undefined, mute: vi.fn(), unmute: vi.fn(), ...source },
    sink: { fd: 4, loop, ready: WRITABLE, error: undefined, ...sink },
  }
  const counters = createPipeCounters()
  const idle = { mode: 'auto', phase: 'flowing', inside: 0, bytes: 1, carrier: copyCarrier, state: undefined }
  return { ...idle, counters, ...ends, ...facts } as unknown as FdFlow & {
    source: typeof ends.source
    sink: typeof ends.sink
  }
}
