/**
 * The record: the final facts of one connection, as plain data. Every ending makes one JSON line. The logger
 * writes it.
 */
import type { Choice } from '../../cluster/explanation.js'
import type { NotSplicing } from '../../io/not-splicing.js'
import type { SlowedDirections } from '../../pipe/throttle.js'
import type { Ending } from '../endings.js'
import type { Life } from './life.js'
import { limitingOf } from './limited-by.js'
import { terminationCode } from './termination.js'

export interface RecordEnding extends Ending {
  /** The errno name of what broke, if something did. */
  readonly errno?: string | undefined
}

/** What millrace learned from a client's first bytes. */
export interface OpeningFacts {
  readonly protocol: 'TCP' | 'TLS' | 'HTTP' | 'HTTPS' | 'WS' | 'WSS'
  /**
   * What the client's first bytes begin, by the name in `routes[].speaks`. `nothing`: it sent none in time. Undefined: no
   * route asks for it, or it is none of what they ask for.
   */
  readonly speaks?: string | undefined
  /** The client that a PROXY header or `clientFrom` names, if any. */
  readonly client?: string
  /** Only if `clientFrom` names another client: the peer of the socket, or the client of its PROXY header. */
  readonly peer?: string | undefined
  readonly proxy?:
    | {
        /** The sender of the header. */
        readonly from: string
        readonly version: 1 | 2
        readonly command: 'local' | 'proxy'
        readonly destination: string | undefined
        readonly authority: string | undefined
        /** base64. */
        readonly uniqueId: string | undefined
        readonly tlsVersion: string | undefined
        /** The types of other TLVs of version 2, in order. */
        readonly tlvs: readonly number[]
        /**
         * The TLVs that the listener's `logTlvs` names, with base64 values. Undefined: `logTlvs` names none.
         */
        readonly tlvValues: readonly { readonly type: number; readonly value: string }[] | undefined
      }
    | undefined
  /** The server name and the protocols in the ClientHello. If millrace ends TLS: the chosen protocol. */
  readonly sni?: string | undefined
  readonly alpn?: readonly string[] | undefined
  /** Only if millrace ends the client's TLS. */
  readonly tls?:
    | { readonly version: string; readonly cipher: string; readonly clientName: string | undefined }
    | undefined
  /** Only if millrace speaks TLS to the backend. */
  readonly backendTls?:
    | { readonly version: string; readonly cipher: string; readonly alpn: string | undefined }
    | undefined
  readonly http?:
    | {
        readonly method: string
        readonly authority: string
        /** Without its query, unless the listener has `logQuery`. */
        readonly path: string
        /** The status of the backend's answer. Undefined: no answer reached the client. */
        readonly status: number | undefined
      }
    | undefined
  /**
   * How long the listener's `route` function took while it waited for no byte of the client, in whole µs. Part of `waitMicros`.
   * Undefined: it was not asked. The record tells it only by `limitedBy`.
   */
  readonly routeMicros?: number | undefined
}

/** What a connection knows about itself at its end. */
export interface ConnectionFacts extends OpeningFacts {
  /** ms since 1970. */
  readonly acceptedAt: number
  readonly listener: string
  readonly tags: Readonly<Record<string, string>>
  readonly client: string
  /** Undefined: no cluster was chosen. */
  readonly cluster: string | undefined
  /** The backend as configured, and the address where millrace reached it. Undefined: none was reached. */
  readonly backend: string | undefined
  readonly backendAddress: string | undefined
  /** The forward proxy that the last dial went through, without credentials. Then there is no `backendAddress`. */
  readonly via: string | undefined
  readonly retries: number
  /** Only with `log.explain`, and if a backend was looked for. */
  readonly choice: Choice | undefined
  /**
   * Whole µs: from accept until the cluster was known, in the queue of the cluster, from both to a connected backend,
   * from then to the backend's first byte, and from accept to the end. Each but the last is undefined if it did not
   * come to that.
   */
  readonly waitMicros: number | undefined
  readonly queuedMicros: number | undefined
  readonly connectMicros: number | undefined
  readonly firstByteMicros: number | undefined
  readonly totalMicros: number
  /**
   * Smoothed round-trip times in µs (TCP_INFO). Undefined off Linux, without the addon, and on unix sockets.
   */
  readonly clientRttMicros: number | undefined
  readonly backendRttMicros: number | undefined
  readonly bytesUp: number
  readonly bytesDown: number
  readonly splicedUp: number
  readonly splicedDown: number
  readonly notSplicing: NotSplicing | undefined
  /** What made it slower. Undefined: no limit of bytes per second did. */
  readonly limited: SlowedDirections | undefined
  /** From which follows who made it slow. Undefined: the kernel does not tell of both sides. */
  readonly life: Life | undefined
}

/**
 * The record as plain data, for a library user's logger and for people. record-line.ts writes the usual log. `ended` is undefined
 * while the connection is open.
 */
export function toRecord(id: string, facts: ConnectionFacts, ended: RecordEnding | undefined) {
  return ended === undefined ? { ...factsOf(id, facts), final: false } : toFinalRecord(id, facts, ended)
}

/** The record of a connection that is over. */
export type ConnectionRecord = ReturnType<typeof toFinalRecord>

export function toFinalRecord(id: string, facts: ConnectionFacts, ended: RecordEnding) {
  return { ...factsOf(id, facts), ended, termination: terminationCode(ended) }
}

function factsOf(id: string, facts: ConnectionFacts) {
  return {
    id,
    startedAt: isoTime(facts.acceptedAt),
    listener: facts.listener,
    protocol: facts.protocol,
    tags: facts.tags,
    client: facts.client,
    peer: facts.peer,
    proxy: facts.proxy,
    speaks: facts.speaks,
    sni: facts.sni,
    alpn: facts.alpn,
    tls: facts.tls,
    backendTls: facts.backendTls,
    http: facts.http,
    cluster: facts.cluster,
    backend: facts.backend,
    backendAddress: facts.backendAddress,
    via: facts.via,
    retries: facts.retries,
    choice: facts.choice,
    timings: {
      waitMs: toMs(facts.waitMicros),
      queuedMs: toMs(facts.queuedMicros),
      connectMs: toMs(facts.connectMicros),
      firstByteMs: toMs(facts.firstByteMicros),
      totalMs: toMs(facts.totalMicros),
    },
    rttMicros: { client: facts.clientRttMicros, backend: facts.backendRttMicros },
    bytesUp: facts.bytesUp,
    bytesDown: facts.bytesDown,
    splicedUp: facts.splicedUp,
    splicedDown: facts.splicedDown,
    notSplicing: facts.notSplicing,
    limited: facts.limited,
    ...(facts.life && limitingOf(facts.life)),
  }
}

const toMs = (micros: number | undefined): number | undefined => micros && micros / 1000

/** `time` in ms since 1970. */
export const isoTime = (time: number): string => new Date(time).toISOString()
