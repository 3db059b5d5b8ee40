// How much a paused download keeps in the proxy. The generator and ss count bytes exactly. Bytes that were
// sent, were not received and are in no socket's queue must be in kernel pipes or in the proxy's own buffers.
// The kernel charges the proxy's two sockets more memory for data (skmem r and w) than they have bytes. That
// memory counts against tcp_mem.
import { spawnSync } from 'node:child_process'
import { parseSockets } from './parse.mjs'

const MB = 1e6

/**
 * `counts` are the generator's while nothing moves. Without a proxy, only the bytes under way are reported.
 */
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
