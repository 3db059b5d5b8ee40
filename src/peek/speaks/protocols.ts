/**
 * What a client speaks, by its first bytes: the protocols that a route can name, and bytes of the user's own. Pure,
 * without memory between calls. A protocol is told by as few bytes as suffice. Whoever gets the bytes judges the rest.
 */
import { beginsPacket, HEADER_BYTES as POSTGRES_BYTES } from '../../postgres/first-packet.js'
import { beginsProxyHeader, SIGNATURE_BYTES } from '../../proxy-protocol/decode.js'
import type { Answer } from '../answer.js'
import { beginsClientHello, CLIENT_HELLO_BYTES } from '../client-hello.js'
import { beginsWith, type Detected } from './beginning.js'
import { beginsRequest, MOST_LINE_BYTES } from './http.js'
import { beginsRdp, RDP_HEADER_BYTES } from './rdp.js'
import { beginsRedis, REDIS_BYTES } from './redis.js'

interface Detector {
  detect(bytes: Buffer): Detected
  /** It has an answer when it sees so many bytes. */
  readonly mostBytes: number
}

/** RFC 4253 section 4.2: the client's first line begins with it. */
const SSH = Buffer.from('SSH-')

/** By the name that a route gives. A test holds that the config knows the same names. */
export const PROTOCOLS = {
  tls: { detect: beginsClientHello, mostBytes: CLIENT_HELLO_BYTES },
  http: { detect: beginsRequest, mostBytes: MOST_LINE_BYTES },
  ssh: { detect: (bytes) => beginsWith(bytes, SSH), mostBytes: SSH.length },
  postgres: { detect: beginsPacket, mostBytes: POSTGRES_BYTES },
  rdp: { detect: beginsRdp, mostBytes: RDP_HEADER_BYTES },
  redis: { detect: beginsRedis, mostBytes: REDIS_BYTES },
  proxy: { detect: beginsProxyHeader, mostBytes: SIGNATURE_BYTES },
} as const satisfies Record<string, Detector>

export type Protocol = keyof typeof PROTOCOLS

/** Bytes of the user's own, in lower case. */
export type Spoken = Protocol | `hex:${string}`

const HEX = 'hex:'

/** All that the routes of a listener ask for. */
export class Detection {
  /** It has an answer when it sees so many bytes. */
  readonly mostBytes: number
  readonly #detectors: readonly (readonly [Spoken, Detector])[]

  constructor(names: Iterable<Spoken>) {
    this.#detectors = [...new Set(names)].map((name) => [name, detectorOf(name)] as const)
    this.mostBytes = Math.max(...this.#detectors.map(([, { mostBytes }]) => mostBytes))
  }

  /** What the bytes begin, in the order of the names. It needs more while anything may still become a match. */
  answer(bytes: Buffer): Exclude<Answer<readonly Spoken[]>, { readonly kind: 'no-match' }> {
    const isOpen = this.#detectors.some(([, detector]) => detector.detect(bytes) === 'need-more')
    return isOpen ? { kind: 'need-more' } : { kind: 'match', value: this.matches(bytes), bytes: 0 }
  }

  /** What the bytes begin for certain. No more bytes come. */
  matches(bytes: Buffer): readonly Spoken[] {
    return this.#detectors.flatMap(([name, { detect }]) => (detect(bytes) === 'match' ? [name] : []))
  }
}

function detectorOf(name: Spoken): Detector {
  if (isProtocol(name)) return PROTOCOLS[name]
  const start = Buffer.from(name.slice(HEX.length), 'hex')
  return { detect: (bytes) => beginsWith(bytes, start), mostBytes: start.length }
}

const isProtocol = (name: Spoken): name is Protocol => Object.hasOwn(PROTOCOLS, name)
