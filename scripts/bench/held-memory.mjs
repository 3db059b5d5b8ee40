// How much a paused download keeps in the proxy. Bytes are counted exactly, by the generator and by ss: what was sent,
// was not received, and is in no socket's queue is in kernel pipes or in the proxy's own buffers. The memory the kernel
// charges the proxy's two sockets for data (skmem r and w) is more than their bytes: it is what counts against tcp_mem.
import { spawnSync } from 'node:child_process'
import { parseSockets } from './parse.mjs'

const MB = 1e6

/** `counts` of the generator while nothing moves. Without a proxy only what is under way is told. */
export function heldMemory(namespace, { listen, backend, child }, { sent, received }) {
  const underWay = sent - received
  if (child === undefined) return { underWayMb: underWay / MB }
  const sockets = readSockets(namespace)
  const isOf = ({ localPort, peerPort }, { port }) => localPort === port || peerPort === port
  const all = sockets.filter((socket) => isOf(socket, listen) || isOf(socket, backend))
  const proxys = all.filter(
    ({ localPort, peerPort }) => localPort === listen.port || peerPort === backend.port,
  )
  const queued = all.reduce((sum, socket) => sum + socket.queued, 0)
  const memory = proxys.reduce((sum, socket) => sum + socket.memory, 0)
  const inNoSocket = Math.max(0, underWay - queued)
  return { heldMb: (memory + inNoSocket) / MB, underWayMb: underWay / MB }
}

function readSockets(namespace) {
  const enter = namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace]
  const [command, ...args] = [...enter, 'ss', '-tnmOH']
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ss: ${(error?.message ?? stderr).trim()}`)
  return parseSockets(stdout)
}
