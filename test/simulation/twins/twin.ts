/**
 * Two connections of an addon, the real one or the simulated one. What one far end sends goes out to the other. Both
 * addons carry out the same script, and must answer alike.
 */
import type { Native } from '../../../src/io/kernel/native.js'
import * as native from '../../../src/io/kernel/native-constants.js'

/** The far end of a connection. */
export interface FarSide {
  /** Returns how many bytes went. As the two below, it resolves when they have arrived at the addon's end. */
  send(bytes: Buffer): Promise<number>
  end(): Promise<void>
  reset(): Promise<void>
  /** Returns all bytes that have come. */
  take(): Buffer
}

export interface Twin {
  readonly addon: Native
  readonly outcome: Int32Array
  readonly scratch: Buffer
  readonly source: number
  readonly sink: number
  readonly sayer: FarSide
  readonly taker: FarSide
  /** The readiness bits that events have reported for the source since the last call. */
  events(): Promise<number>
  /** Closes everything. */
  close(): void
}

export type Action =
  | { readonly do: 'say' | 'send'; readonly bytes: Buffer }
  | { readonly do: 'receive' | 'peek'; readonly most: number }
  | { readonly do: 'splice' | 'copy'; readonly hints: number }
  | { readonly do: 'end' | 'reset'; readonly who: 'sayer' | 'taker' }
  | { readonly do: 'takeError'; readonly of: 'source' | 'sink' }
  | { readonly do: 'pace'; readonly bytesPerSecond: number }
  | { readonly do: 'take' | 'shutdown' | 'events' }

/** The most calls for one move. A real kernel may give a splice as few bytes as it likes. */
const MOST_CALLS = 50
const MOST_BYTES_PER_CALL = 1024 * 1024
/** Any of these findings ends a move. */
const ENDS =
  native.SOURCE_EMPTY | native.SOURCE_ENDED | native.SOURCE_FAILED | native.SINK_FULL | native.SINK_FAILED

/** Carries out one action and returns its answer as plain data. */
export async function carryOut(twin: Twin, action: Action): Promise<unknown> {
  const { addon, source, sink } = twin
  switch (action.do) {
    case 'say':
      return twin.sayer.send(action.bytes)
    case 'send':
      return [addon.send(sink, action.bytes), twin.outcome[native.OUT], twin.outcome[native.ERROR]]
    case 'receive':
    case 'peek':
      return received(twin, addon.receive(source, action.most, action.do === 'peek'))
    case 'splice':
    case 'copy':
      return move(twin, action.do, action.hints)
    case 'end':
      return twin[action.who].end()
    case 'reset':
      return twin[action.who].reset()
    case 'takeError':
      return addon.takeError(twin[action.of])
    case 'take':
      return twin.taker.take().toString('hex')
    case 'pace':
      return addon.setPacing(sink, action.bytesPerSecond)
    case 'shutdown':
      return addon.shutdown(sink)
    case 'events':
      return twin.events()
  }
}

const received = ({ scratch }: Twin, count: number): number | string =>
  count > 0 ? scratch.toString('hex', 0, count) : count

/** Moves bytes until none goes any more. Returns how many came in and went out, and why it ended. */
function move({ addon, outcome, source, sink }: Twin, how: 'splice' | 'copy', hints: number): number[] {
  let pipe = native.NO_KERNEL_PIPE
  let came = 0
  let went = 0
  let found = 0
  for (let calls = 0; (found & ENDS) === 0 && calls < MOST_CALLS; calls++) {
    found =
      how === 'copy'
        ? addon.copy(source, sink, MOST_BYTES_PER_CALL, hints)
        : addon.splice(source, sink, pipe, MOST_BYTES_PER_CALL, hints | native.HINT_READABLE)
    pipe = how === 'copy' ? pipe : outcome[native.PIPE]!
    came += outcome[native.IN]!
    went += outcome[native.OUT]!
  }
  const errno = outcome[native.ERROR]!
  if (pipe !== native.NO_KERNEL_PIPE) addon.discardPipe(pipe)
  return [came, went, found & ENDS, errno]
}
