/**
 * What is worth a system call only on a connection that lasts: that the kernel finds out when its backend vanishes. The
 * client's socket has it from the listening socket, for nothing.
 */
import type { Socket } from '../../io/socket.js'
import type { ConnectionView } from '../connection-view.js'

/** Looking for it wakes nobody more often than other deadlines do. */
export const LASTING_MS = 4000

/** Called at every look of the sweep, `sinceMs` after the last one. `age` is that of the connection to the backend, in ms. */
export function watchLasting(
  connection: ConnectionView,
  socket: Socket | undefined,
  age: number,
  sinceMs: number,
): void {
  // Once, without a field that says so: at the first look at which it is this old.
  const isDue = age >= LASTING_MS && age - sinceMs < LASTING_MS
  if (!isDue || socket === undefined || connection.cluster === undefined) return
  const liveness = connection.service.destinations.get(connection.cluster)?.liveness
  if (liveness !== undefined) socket.setLiveness(liveness)
}
