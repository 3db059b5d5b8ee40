/**
 * Which fields of a trailer are dropped (RFC 9110 section 6.5.1). A reader that merges trailers into the head
 * would believe them. By then the message is framed and routed, and its client is known. Pure.
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

/** Matches any spelling. Matches the fields that say who the client is, too. */
export const isDroppedTrailer = (name: string): boolean =>
  isForwardingName(name) || DROPPED.has(plainName(name))
