/**
 * What one check does, whom it checks, and what it finds. All of it is plain data, which comes from a checked config and
 * passes between processes.
 */
import type { ResolvedAddress } from '../address.js'
import type { BackendTlsConfig } from '../config/schemas/tls-schema.js'
import type { DialSetup } from '../io/socket-options.js'

export type Check =
  /** The connect must succeed. TLS of the target is not used. */
  | { readonly kind: 'tcp' }
  /** The TLS handshake must succeed, too. Without `tls` in the target, it is done with the defaults of `tls: {}`. */
  | { readonly kind: 'tls' }
  | HttpCheck
  | ScriptCheck

/** One request of HTTP/1.1 with `Connection: close`. Only the head of the answer is read. Interim answers are skipped. */
export interface HttpCheck {
  readonly kind: 'http'
  readonly method: string
  /** Path and query, from `/`. For OPTIONS it may be `*`. */
  readonly path: string
  /** The `Host` field. Undefined: the host of the target, with the port if it is not the usual one. */
  readonly host: string | undefined
  /** The check passes with these. */
  readonly status: readonly StatusRange[]
}

/** Both ends belong to the range. */
export interface StatusRange {
  readonly from: number
  readonly to: number
}

/** The steps are done in their order. The check passes after the last one. */
export interface ScriptCheck {
  readonly kind: 'script'
  readonly steps: readonly ScriptStep[]
}

/**
 * Bytes are written as a string with one character (U+0000 to U+00FF) for each byte. An `expect` sees all bytes that came
 * since the last `send`, at most 16 KiB. Several in a row see the same bytes, as in HAProxy.
 */
export type ScriptStep =
  | { readonly send: string }
  | {
      readonly expect: string
      /** How many bytes stand before the expected ones. 0: none. Undefined: the expected bytes may stand anywhere. */
      readonly at: number | undefined
    }

export interface ProbeTarget {
  /** The port of the check is applied already. */
  readonly address: ResolvedAddress
  /** How the socket of the connect is set up. Undefined: as the system has it. */
  readonly setup?: DialSetup | undefined
  /** The host of the backend as configured, for its certificate and for `Host`. Undefined for a unix socket. */
  readonly host: string | undefined
  /** A header that names no client comes first: `PROXY UNKNOWN` (v1), or the command LOCAL (v2). */
  readonly sendProxy: 'v1' | 'v2' | undefined
  /** The backend is asked for TLS in this way before the handshake. Without TLS it means nothing. */
  readonly startTls: 'postgres' | undefined
  /**
   * Undefined: the check is plain. Use the same object for each check of a backend: the files it names are read once
   * for each object. `serverName: client` stands for the `host` of an http check, else for the host of the target.
   */
  readonly tls: ProbeTls | undefined
  /** For the whole check, in ms, from 1. */
  readonly timeoutMs: number
}

export type ProbeTls = BackendTlsConfig

/**
 * Why a check passed or failed, as HAProxy abbreviates it. The digit is the layer: 4 for the connect, 6 for TLS, 7 for what
 * was said.
 */
export const PROBE_REASONS = [
  'L4OK',
  'L4CON',
  'L4TOUT',
  'L6OK',
  'L6RSP',
  'L6TOUT',
  'L7OK',
  'L7RSP',
  'L7STS',
  'L7TOUT',
] as const

export type ProbeReason =
  | (typeof PROBE_REASONS)[number]
  /** This process lacks fds, memory, local ports or a file. It tells nothing about the backend, so do not count it. */
  | 'SOCKERR'

export interface ProbeResult {
  readonly passed: boolean
  readonly reason: ProbeReason
  /** An errno name, `status 503`, what was expected: printable, at most 200 characters. Undefined: there is no more. */
  readonly detail: string | undefined
}

/** A check, or a question to an agent, that is under way. */
export interface Probing {
  /** Ends it at once, without a result. After a result, it ends what is left of the connection. */
  cancel(): void
}
