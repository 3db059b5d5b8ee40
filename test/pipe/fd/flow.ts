/** A flow between two mock fds: only its state, for decisions that read nothing else. */
import { vi } from 'vitest'
import { WRITABLE } from '../../../src/io/socket.js'
import { copyCarrier } from '../../../src/pipe/fd/copy-carrier.js'
import type { FdFlow } from '../../../src/pipe/fd/fd-flow.js'
import { createPipeCounters } from '../../../src/pipe/options.js'

/** In mode `auto` the flow copies, has moved a byte, holds none, and both its ends take bytes. */
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
