/** What questions to DNS are answered with. Plain data. */
import { bytesToIp, ipToBytes } from '../ip.js'

/** An IP address of a name. */
export interface AddressRecord {
  /** IPv4 or IPv6, in one spelling (RFC 5952). An IPv4 address that is mapped into IPv6 is told as IPv4. */
  readonly ip: string
  /** How long the address is valid, 0 to 7 days. It is the lowest TTL of the CNAMEs that led here and of the record. */
  readonly ttlMs: number
}

/** Where a service runs (RFC 2782). */
export interface SrvRecord {
  /** A host name in lower case and without the dot at its end. */
  readonly target: string
  readonly port: number
  /** 0 to 65535. Servers with the lowest number are used first. */
  readonly priority: number
  /** 0 to 65535. The share of clients among servers of the same priority. */
  readonly weight: number
  /** As for an address. */
  readonly ttlMs: number
  /** The addresses of `target`, if the server sent them in the same answer. Empty: ask for them. */
  readonly addresses: readonly AddressRecord[]
}

/** The name exists without such records (NODATA), or it does not exist (NXDOMAIN). */
export interface EmptyAnswer {
  readonly kind: 'empty'
  readonly code: 'NXDOMAIN' | 'NODATA'
  /** How long the server wants this to be believed (RFC 2308). Undefined if it does not say so. */
  readonly ttlMs: number | undefined
}

/** Nobody could say what the name means. What is known from before still holds. */
export interface FailedAnswer {
  readonly kind: 'failed'
  /** The errno of a socket, the code of a DNS answer such as `SERVFAIL`, or one of `DNS_FAILURES`. */
  readonly code: string
}

export interface RecordsAnswer<R> {
  readonly kind: 'records'
  /** At least one. */
  readonly records: readonly R[]
  /** The family that could not be asked for, if the other one has records. What is known of it from before still holds. */
  readonly failedFamily: 4 | 6 | undefined
}

export type Answer<R> = RecordsAnswer<R> | EmptyAnswer | FailedAnswer

/** Codes of failures that come neither from a socket nor from a server. */
export type DnsFailure =
  /** No server answered in time. */
  | 'TIMEOUT'
  /** The answer cannot be read, or has too many records. */
  | 'BADRESP'
  /** The server does not know the zone and asks nobody else. */
  | 'LAME'
  /** DNS has no such name: a label is empty, longer than 63 characters, or has characters that host names have not. */
  | 'BADNAME'
  /** Too many questions wait already. */
  | 'BUSY'
  /** The client is asked to stop. Nobody sees this code. */
  | 'CANCELLED'

export const failed = (code: DnsFailure | (string & {})): FailedAnswer => ({ kind: 'failed', code })

/** The one spelling of an address. An IPv4 address that is mapped into IPv6 becomes IPv4. */
export function canonicalIp(ip: string): string {
  const bytes = ipToBytes(ip)
  return bytes === undefined ? ip : bytesToIp(bytes)
}
