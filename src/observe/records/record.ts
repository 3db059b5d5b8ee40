/**
 * The record: the final facts of one connection, one JSON line for every ending. Plain data and its making;
 * writing it is the logger's business.
 */
import type { NotSplicing } from '../../io/not-splicing.js'
import type { Ending } from '../endings.js'
import { terminationCode } from './termination.js'

export interface RecordEnding extends Ending {
  /** errno name of what broke, where something did. */
  readonly errno?: string | undefined
}

/** What a client's first bytes have told. */
export interface OpeningFacts {
  readonly protocol: 'TCP' | 'TLS' | 'HTTP' | 'HTTPS' | 'WS' | 'WSS'
  /** As a PROXY header or `clientFrom` says, where one did. */
  readonly client?: string
  /** Who connected, or the PROXY header says has, where `clientFrom` told another client. */
  readonly peer?: string | undefined
  readonly proxy?:
    | {
        /** Who sent the header. */
        readonly from: string
        readonly version: 1 | 2
        readonly command: 'local' | 'proxy'
        readonly destination: string | undefined
        readonly authority: string | undefined
        /** base64. */
        readonly uniqueId: string | undefined
        readonly tlsVersion: string | undefined
        /** Types of what version 2 carried besides, in order. */
        readonly tlvs: readonly number[]
        /** Of those that the listener's `logTlvs` names, with base64 values; undefined where it names none. */
        readonly tlvValues: readonly { readonly type: number; readonly value: string }[] | undefined
      }
    | undefined
  /** Name asked for, and protocols offered, in the ClientHello; where TLS ended here, the protocol chosen. */
  readonly sni?: string | undefined
  readonly alpn?: readonly string[] | undefined
  /** Where TLS ended here. */
  readonly tls?:
    | { readonly version: string; readonly cipher: string; readonly clientName: string | undefined }
    | undefined
  /** Where TLS was spoken to the backend. */
  readonly backendTls?:
    | { readonly version: string; readonly cipher: string; readonly alpn: string | undefined }
    | undefined
  readonly http?:
    | {
        readonly method: string
        readonly authority: string
        /** Without its query, unless the listener has `logQuery`. */
        readonly path: string
        /** Of the backend's answer; undefined where none reached the client. */
        readonly status: number | undefined
      }
    | undefined
}

/** What a connection knows about itself at its end. */
export interface ConnectionFacts extends OpeningFacts {
  /** ms since 1970. */
  readonly acceptedAt: number
  readonly listener: string
  readonly tags: Readonly<Record<string, string>>
  readonly client: string
  /** Undefined where none was chosen. */
  readonly cluster: string | undefined
  /** The backend as configured, and the address it was reached at; undefined when none was. */
  readonly backend: string | undefined
  readonly backendAddress: string | undefined
  readonly retries: number
  /**
   * Whole µs: from accept until it was known where to, from then to a connected backend, from then to that backend's
   * first byte, each undefined when it never came to that; and from accept to the end.
   */
  readonly waitMicros: number | undefined
  readonly connectMicros: number | undefined
  readonly firstByteMicros: number | undefined
  readonly totalMicros: number
  /** Smoothed round-trip times in µs (TCP_INFO); undefined off Linux, without the addon and on unix sockets. */
  readonly clientRttMicros: number | undefined
  readonly backendRttMicros: number | undefined
  readonly bytesUp: number
  readonly bytesDown: number
  readonly splicedUp: number
  readonly splicedDown: number
  readonly notSplicing: NotSplicing | undefined
}

/** The record as plain data, for a logger of the user's and for people. What is logged is record-line.ts's to write. */
export function toRecord(id: string, facts: ConnectionFacts, ended: RecordEnding) {
  return {
    id,
    startedAt: isoTime(facts.acceptedAt),
    listener: facts.listener,
    protocol: facts.protocol,
    tags: facts.tags,
    client: facts.client,
    peer: facts.peer,
    proxy: facts.proxy,
    sni: facts.sni,
    alpn: facts.alpn,
    tls: facts.tls,
    backendTls: facts.backendTls,
    http: facts.http,
    cluster: facts.cluster,
    backend: facts.backend,
    backendAddress: facts.backendAddress,
    retries: facts.retries,
    timings: {
      waitMs: toMs(facts.waitMicros),
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
    ended,
    termination: terminationCode(ended),
  }
}

const toMs = (micros: number | undefined): number | undefined => micros && micros / 1000

/** `time` in ms since 1970. */
export const isoTime = (time: number): string => new Date(time).toISOString()
