/** A pipe one way of which stands still for good, because its sink's buffers were filled beforehand. */
import { setTimeout } from 'node:timers/promises'
import type { FdSocket } from '../../src/io/fd-socket.js'
import { OUT, SINK_FULL } from '../../src/io/native.js'
import { pattern } from '../support/bytes.js'
import type { End } from '../support/rig.js'

const FILLER = pattern(1, 64 * 1024)

/** Sends until the kernel takes no more and stays so; answers all of it. */
export async function fill([peer, socket]: End): Promise<Buffer> {
  const { fd, loop } = socket as FdSocket
  const sent: Buffer[] = []
  peer.pause()
  const isFull = (): boolean => {
    const found = loop.native.send(fd, FILLER)
    sent.push(FILLER.subarray(0, loop.outcome[OUT]))
    return (found & SINK_FULL) !== 0
  }
  // Full for good: acknowledgements that are still delayed may make the kernel enlarge its buffer once more.
  for (let quiet = 0; quiet < 30; await setTimeout(5)) quiet = isFull() ? quiet + 1 : 0
  return Buffer.concat(sent)
}
