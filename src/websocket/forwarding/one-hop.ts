/**
 * Fields that are meant for one connection and not for the next (RFC 9110 section 7.6.1). Some always are.
 * `Connection` names the others. Pure.
 */
import { type Field, tokensOf } from '../heads/fields.js'

/** `HTTP2-Settings` belongs to an upgrade to `h2c` (RFC 7540 section 3.2.1). */
const ONE_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade', 'http2-settings']

/**
 * The names, in lower case, of the fields to drop before a message is passed on. `isKept`: naming such a
 * field in `Connection` does not drop it.
 */
export function oneHopNames(
  fields: readonly Field[],
  isKept: (name: string) => boolean,
): ReadonlySet<string> {
  const named = tokensOf(fields, 'connection').filter((name) => !isKept(name))
  return new Set([...ONE_HOP, ...named])
}
