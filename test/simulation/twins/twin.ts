/**
 * Two connections of an addon, the real one or the simulated: what comes in from one far end goes out to the other. The
 * same script is carried out on either, and must be answered alike.
 */
import type { Native } from '../../../src/io/kernel/native.js'
import * as native from '../../../src/io/kernel/native-constants.js'

/** Who is at the far end of a connection. */
export interface FarSide {
  /** How many bytes went. Resolves, as the two below do, when they have arrived at the addon's end. */
  send(bytes: Buffer): Promise<number>
  end(): Promise<void>
  reset(): Promise<void>
  /** All that has come. */
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
  /** What events have told of the source since the last time, in readiness bits. */
  events(): Promise<number>
  /** Everything is closed. */
  close(): void
}

export type Action =
  | { readonly do: 'say' | 'send'; readonly bytes: Buffer }
  | { readonly do: 'receive' | 'peek'; readonly most: number }
  | { readonly do: 'splice' | 'copy'; readonly hints: number }
  | { readonly do: 'end' | 'reset'; readonly who: 'sayer' | 'taker' }
  | { readonly do: 'takeError'; readonly of: 'source' | 'sink' }
  | { readonly do: 'take' | 'shutdown' | 'events' }

/** Calls for one move, at most: a real kernel gives a splice as little as it likes. */
const MOST_CALLS = 50
const MOST_BYTES_PER_CALL = 1024 * 1024
/** What a move that has come to its end is told. */
const ENDS =
  native.SOURCE_EMPTY | native.SOURCE_ENDED | native.SOURCE_FAILED | native.SINK_FULL | native.SINK_FAILED

/** The answer, as plain data. */
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
    case 'shutdown':
      return addon.shutdown(sink)
    case 'events':
      return twin.events()
  }
}

const received = ({ scratch }: Twin, count: number): number | string =>
  count > 0 ? scratch.toString('hex', 0, count) : count

/** Until nothing more goes: how much came in and went out, and why it ended. */
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
