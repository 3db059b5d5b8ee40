/** Orders about connections that are offered to another process at this moment. */
import type { Connection } from '../../connection/connection.js'

/**
 * Those of these connections that go on here, or end here. For a connection that is on offer, it waits until it is decided whose it is.
 * An order about a connection that goes is for the other process, which gets it after this one.
 */
export async function staying(connections: readonly Connection[]): Promise<readonly Connection[]> {
  const stays = await Promise.all(connections.map((each) => each.stays ?? true))
  return connections.filter((_, index) => stays[index])
}
