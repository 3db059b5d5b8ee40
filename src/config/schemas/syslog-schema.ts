/** Where the log goes by syslog: as people write it, as the rest of the program reads it, and the schema between the two. */
import * as z from 'zod'
import { parseAddress } from '../../address.js'
import { type DatagramAddress, whyNoUnixDatagrams } from '../../io/datagrams.js'
import { expected } from '../wording.js'
import * as fields from './fields.js'

/** The codes of RFC 5424 section 6.2.1, which syslog(3) has too. */
const FACILITIES = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const

type Facility = keyof typeof FACILITIES
const NAMES = Object.keys(FACILITIES) as Facility[]

export interface SyslogInput {
  /** `udp://HOST` or `udp://HOST:PORT` (default 514), or `unix:/dev/log`. */
  readonly address: string
  /** The facility of all messages. Default `daemon`. */
  readonly facility?: Facility | undefined
  /**
   * The most bytes of a message, 480 to 65000. What is longer is cut. Default 1452 for UDP: larger ones do not fit into one packet of
   * an Ethernet. Default 8192 for unix sockets.
   */
  readonly maxBytes?: number | string | undefined
}

export interface SyslogConfig {
  readonly address: DatagramAddress
  /** Its code. */
  readonly facility: number
  readonly maxBytes: number
}

const SCHEME = 'udp://'
const USUAL_PORT = 514
/** MTU 1500, less the headers of IPv6 and UDP (RFC 5426 section 3.2). */
const BYTES_OVER_UDP = 1452
const BYTES_OVER_UNIX = 8192
/** Every receiver must take 480 bytes (RFC 5424 section 6.1). A datagram has at most 65507. */
const LEAST = { bytes: 480, text: '480' }
const MOST = { bytes: 65_000, text: '65000' }

const address = z.unknown().transform((value, context): DatagramAddress => {
  const parsed = typeof value === 'string' ? parse(value) : undefined
  if (parsed !== undefined && typeof parsed !== 'string') return parsed
  const message = parsed ?? expected('udp://HOST:PORT or unix:/path', value)
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})

/** @internal */
export const syslogSchema: z.ZodType<SyslogConfig, unknown> = fields
  .strictMap('a map: { address, facility }', {
    address,
    facility: fields.choiceOf(NAMES).default('daemon'),
    maxBytes: fields.optional(fields.sizeField(LEAST, MOST)),
  })
  .transform(({ address, facility, maxBytes }) => {
    const usual = address.kind === 'udp' ? BYTES_OVER_UDP : BYTES_OVER_UNIX
    return { address, facility: FACILITIES[facility], maxBytes: maxBytes ?? usual }
  })

/** A sentence that says what is wrong, or undefined if it is neither form. */
function parse(text: string): DatagramAddress | string | undefined {
  if (!text.startsWith(SCHEME)) {
    const found = text.startsWith('unix:') ? parseAddress(text) : undefined
    if (found === undefined || typeof found === 'string') return found
    return found.kind === 'unix' ? (whyNoUnixDatagrams() ?? found) : undefined
  }
  const place = text.slice(SCHEME.length)
  const hasPort = /:\d+$/.test(place) && !/^[^[]*:.*:/.test(place)
  const found = parseAddress(hasPort ? place : `${place}:${USUAL_PORT}`)
  if (typeof found === 'string') return found
  if (found.kind === 'unix') return undefined
  return found.port === 0 ? expected('a port from 1 to 65535', 0) : { ...found, kind: 'udp' }
}
