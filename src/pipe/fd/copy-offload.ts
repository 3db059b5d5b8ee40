/**
 * Copy offload of a flow. While the flow only copies, has nothing inside, and its sink takes bytes, the addon
 * copies what arrives without being asked. A small message then costs no call: the addon counts it. Code that
 * needs the count or the time calls `carried` first. The addon reports the first message and bulk to the
 * pipe. Everything out of the ordinary ends the offload. A flow that must ask for each byte has none.
 */
import { WRITABLE } from '../../io/socket.js'
import type { Offload } from '../offload.js'
import { PROMOTE_BYTES } from './choose-carrier.js'
import { copyCarrier } from './copy-carrier.js'
import type { FdFlow } from './fd-flow.js'

export const copyOffload: Offload<FdFlow> = {
  leave(flow: FdFlow): void {
    const { source, sink } = flow
    if (mayStand(flow)) source.loop.offloadCopy(source, sink.fd, tellFrom(flow))
    else this.takeBack(flow)
  },

  takeBack({ source }: FdFlow): void {
    source.loop.endOffload(source)
  },

  carried(flow: FdFlow): number | undefined {
    const { loop, fd } = flow.source
    const bytes = loop.takeCarried(fd)
    if (bytes === 0) return undefined
    flow.took(bytes)
    flow.gave(bytes)
    return loop.msSinceCarried(fd)
  },
}

/**
 * The size from which a move is reported. The first bytes always are, because their time is recorded. While
 * the source takes no bytes itself, every move is, because its event may say that the source takes bytes
 * again.
 */
function tellFrom({ bytes, mode, source }: FdFlow): number {
  if (bytes === 0 || source.ready === 0 || mode === 'on') return 0
  return mode === 'auto' ? PROMOTE_BYTES : Number.POSITIVE_INFINITY
}

function mayStand({ phase, carrier, inside, isMetered, source, sink }: FdFlow): boolean {
  const isQuiet = source.ready === WRITABLE || source.ready === 0
  const sinkTakes = (sink.ready & WRITABLE) !== 0 && sink.error === undefined
  return phase === 'flowing' && carrier === copyCarrier && inside === 0 && !isMetered && isQuiet && sinkTakes
}
