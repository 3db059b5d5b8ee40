/**
 * Records of connections that are still open: when they are due, and which connections are in a sample. Pure. Both follow from
 * the id, which a connection keeps for its life and takes along to another process. So no connection needs a timer or a field, and
 * thousands that came together are spread over the whole interval.
 */

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
const NUMBERS = 2 ** 32

/** A number from 0 to below 1, always the same for this id (FNV-1a). */
export function drawOf(id: string): number {
  let hash = FNV_OFFSET
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), FNV_PRIME)
  // The last letters of ids that were made together differ in few bits.
  hash = Math.imul(hash ^ (hash >>> 15), FNV_PRIME)
  return ((hash ^ (hash >>> 13)) >>> 0) / NUMBERS
}

/** Whether a record became due since the last look, `sinceMs` ago. The connection has been open for `openMs` now. */
export function isDue(id: string, everyMs: number, openMs: number, sinceMs: number): boolean {
  const firstMs = drawOf(id) * everyMs
  const turn = Math.floor((openMs - firstMs) / everyMs)
  return turn >= 0 && turn > Math.floor((openMs - sinceMs - firstMs) / everyMs)
}
