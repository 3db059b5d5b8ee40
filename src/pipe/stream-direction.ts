/** One direction of a pipe between two Node streams. */
import type { StreamSocket } from '../io/streams/stream-socket.js'
import type { Carrier } from './carrier.js'
import { Direction } from './direction.js'
import type { PipeHost } from './options.js'
import { type StreamFlow, streamCarrier } from './stream-carrier.js'
import { WatchedCarrier } from './watched-carrier.js'

export class StreamDirection extends Direction<StreamSocket> implements StreamFlow {
  carrier: Carrier<StreamFlow> = streamCarrier
  head: Buffer | undefined = undefined

  constructor(source: StreamSocket, sink: StreamSocket, host: PipeHost, head?: Buffer) {
    super(source, sink, host)
    if (head === undefined || head.length === 0) return
    this.head = head
    this.took(head.length)
  }

  protected override chooseCarrier(): void {
    const { carrier } = this
    if (carrier instanceof WatchedCarrier && carrier.isDone) this.carrier = streamCarrier
  }
}
