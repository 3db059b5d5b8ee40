/**
 * Which fields of a trailer are dropped (RFC 9110 section 6.5.1): whoever merges trailers into the head would believe
 * them when the message was long since framed, routed and told where it came from. Pure.
 */
import { isForwardingName, plainName } from '../forwarding/forwarding-names.js'

const DROPPED: ReadonlySet<string> = new Set([
  // Framing, and what the body is.
  'content-length',
  'transfer-encoding',
  'content-encoding',
  'content-type',
  'content-range',
  'trailer',
  // Routing.
  'host',
  'max-forwards',
  'via',
  // One hop.
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'upgrade',
  // Who may do what.
  'authorization',
  'proxy-authorization',
  'proxy-authenticate',
  'www-authenticate',
  'cookie',
  'set-cookie',
])

/** In any spelling; what says who the client is, too. */
export const isDroppedTrailer = (name: string): boolean =>
  isForwardingName(name) || DROPPED.has(plainName(name))
