/** A pipe one way of which stands still for good, because its sink's buffers were filled beforehand. */
import { readFileSync } from 'node:fs'
import type { FdSocket } from '../../src/io/kernel/fd-socket.js'
import { OUT, SINK_FAILED, SINK_FULL } from '../../src/io/kernel/native-constants.js'
import { pattern } from '../support/bytes.js'
import type { Peer } from '../support/peer.js'
import type { End } from '../support/rig.js'
import { turns } from '../support/wait.js'

const FILLER = pattern(1, 64 * 1024)
/** A reader that is paused reads on until its own buffer is full. */
const QUIET_TURNS = 20
/** As /proc/net/tcp calls the timer of one whose peer's window is shut and who has nothing on its way. */
const PROBING = '04'

/** Sends until the kernel takes no more and stays so; answers all of it. */
export async function fill([peer, socket]: End): Promise<Buffer> {
  const { fd, loop } = socket as FdSocket
  const sent: Buffer[] = []
  peer.pause()
  const isFull = (): boolean => {
    const found = loop.native.send(fd, FILLER)
    sent.push(FILLER.subarray(0, loop.outcome[OUT]))
    return (found & (SINK_FULL | SINK_FAILED)) !== 0
  }
  // As long as something is not acknowledged the kernel may enlarge its buffer once more.
  do {
    while (!isFull());
    await turns(QUIET_TURNS)
  } while (!isShut(peer) || !isFull())
  return Buffer.concat(sent)
}

/** Whether nothing of what was sent to `peer` is on its way, and nothing more can be. */
function isShut({ socket: { localPort, remotePort } }: Peer): boolean {
  if (localPort === undefined || remotePort === undefined) return true // Of unix, where nothing is on its way.
  const [local, remote] = [remotePort, localPort].map((port) =>
    port.toString(16).toUpperCase().padStart(4, '0'),
  )
  const connections = readFileSync('/proc/net/tcp', 'utf8').split('\n')
  const found = connections.find((line) => line.includes(`:${local} 0100007F:${remote} `))
  return found?.trim().split(/\s+/)[5]?.startsWith(`${PROBING}:`) ?? false
}
