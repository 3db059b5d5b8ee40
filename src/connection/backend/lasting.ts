/**
 * Sets the liveness of a backend's socket, so that the kernel finds out when the backend vanishes. That is
 * worth a system call only on a connection that lasts. The client's socket inherits it from the listening
 * socket, for nothing.
 */
import type { Socket } from '../../io/socket.js'
import type { ConnectionView } from '../connection-view.js'

/** From this age on, a connection lasts (ms). Checking it wakes nobody more often than other deadlines do. */
export const LASTING_MS = 4000

/** Called at every look of the sweep. `age`: ms since the backend connected. `sinceMs`: since last time. */
export function watchLasting(
  connection: ConnectionView,
  socket: Socket | undefined,
  age: number,
  sinceMs: number,
): void {
  // This happens once, without a field that says so: at the first look at which the connection is this old.
  const isDue = age >= LASTING_MS && age - sinceMs < LASTING_MS
  if (!isDue || socket === undefined) return
  const liveness = connection.destination?.liveness
  if (liveness !== undefined) socket.setLiveness(liveness)
}
