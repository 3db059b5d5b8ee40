/**
 * When a refused client may come again. Pure.
 */

/** Long enough for a place to become free, and short enough for a user who waits (s). */
const SOON_SECONDS = 5
const DAY_SECONDS = 86_400
/** Only a new day helps such a client. The scope of the limit follows. */
const UNTIL_TOMORROW = 'source-limit: bytes-today'

/** In whole seconds, at least 1. `cause`: as in the record. `now`: ms since 1970. Days are those of UTC. */
export function retryAfterSeconds(cause: string, now: number): number {
  if (!cause.startsWith(UNTIL_TOMORROW)) return SOON_SECONDS
  return DAY_SECONDS - (Math.floor(now / 1000) % DAY_SECONDS)
}
