/**
 * The fields of a status for the certificates that clients are shown. Pure.
 */
import { earliest, finding, key, metric } from './kinds.js'

/** A certificate of a listener. Those with the same name and kind are one row: the one that expires first. */
export const CERTIFICATE = {
  listener: key(),
  /** Its first DNS name, or address. */
  name: key(),
  /** The type of its key, such as `rsa` or `ec`. */
  kind: key(),
  /** The file of the one that expires first, or `PEM in the config`. */
  file: finding({ ofEarliest: 'expiresAt' }),
  /** When the first certificate of its chain expires. */
  expiresAt: earliest(
    metric(
      'millrace_certificate_expires_time_seconds',
      'When the first certificate of the chain expires, in seconds since 1970.',
    ),
  ),
}
