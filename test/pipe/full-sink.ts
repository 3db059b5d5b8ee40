/** Fills the buffers of a sink before its pipe begins, so that one way of the pipe stands still. */
import { readFileSync } from 'node:fs'
import type { FdSocket } from '../../src/io/kernel/fd-socket.js'
import { OUT, SINK_FAILED, SINK_FULL } from '../../src/io/kernel/native-constants.js'
import { pattern } from '../support/bytes.js'
import type { Peer } from '../support/peer.js'
import type { End } from '../support/rig.js'
import { turns } from '../support/wait.js'

const FILLER = pattern(1, 64 * 1024)
/** So many turns are enough for a paused reader, which still reads until its own buffer is full. */
const QUIET_TURNS = 20
/** In /proc/net/tcp, the timer of a connection whose peer has shut its window and that has no byte on its way. */
const PROBING = '04'

/** Sends until the kernel takes no more for good. The result is everything that was sent. */
export async function fill([peer, socket]: End): Promise<Buffer> {
  const { fd, loop } = socket as FdSocket
  const sent: Buffer[] = []
  peer.pause()
  const isFull = (): boolean => {
    const found = loop.native.send(fd, FILLER)
    sent.push(FILLER.subarray(0, loop.outcome[OUT]))
    return (found & (SINK_FULL | SINK_FAILED)) !== 0
  }
  // While a byte is not acknowledged the kernel may still enlarge its buffer.
  do {
    while (!isFull());
    await turns(QUIET_TURNS)
  } while (!isShut(peer) || !isFull())
  return Buffer.concat(sent)
}

/** Whether no byte is on its way to `peer`, and no further byte can be. */
function isShut({ socket: { localPort, remotePort } }: Peer): boolean {
  if (localPort === undefined || remotePort === undefined) return true // A unix socket has no bytes on their way.
  const [local, remote] = [remotePort, localPort].map((port) =>
    port.toString(16).toUpperCase().padStart(4, '0'),
  )
  const connections = readFileSync('/proc/net/tcp', 'utf8').split('\n')
  const found = connections.find((line) => line.includes(`:${local} 0100007F:${remote} `))
  return found?.trim().split(/\s+/)[5]?.startsWith(`${PROBING}:`) ?? false
}
