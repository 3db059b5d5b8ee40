/**
 * The way to the host that a client asks for. Its name is resolved once, each address is checked, and only addresses that were checked
 * are connected to. So a second answer for the name changes nothing (DNS rebinding).
 */
import { connect, type Socket } from 'node:net'
import { type Address, formatAddress } from '../address.js'
import type { AddressCheck } from '../cluster/egress/address-check.js'
import { type AskedServer, readHost } from '../cluster/egress/asked-server.js'
import { turnsOf } from '../cluster/egress/turns.js'
import type { DnsClient } from '../dns/client.js'
import { Refused } from './outcome.js'
import { isLimit } from './within.js'

export interface Reached {
  readonly socket: Socket
  /** `ip:port`, or the path of a unix socket. */
  readonly address: string
}

export interface Way {
  readonly names: DnsClient
  readonly addresses: Pick<AddressCheck, 'whyNot'>
  /** For all addresses together, in ms. 0: as long as the system tries. */
  readonly connectTimeoutMs: number
}

/** Rejects with Refused. What it has made is destroyed when `signal` aborts. */
export async function reach(server: AskedServer, way: Way, signal: AbortSignal): Promise<Reached> {
  const began = performance.now()
  const ips = server.isAddress ? [server.host] : await resolve(server.host, way.names, signal)
  const places = allowedOf(ips, server.port, way.addresses)
  for (const [index, host] of places.entries()) {
    signal.throwIfAborted()
    const left = Math.max(1, way.connectTimeoutMs - (performance.now() - began))
    // An address that does not answer leaves time for the others.
    const ms = way.connectTimeoutMs === 0 ? 0 : left / (places.length - index)
    const reached = await dial({ host, port: server.port }, ms, signal)
    if (typeof reached !== 'string')
      return { socket: reached, address: formatAddress({ kind: 'tcp', host, port: server.port }) }
    if (index === places.length - 1) throw failure(reached)
  }
  throw new Refused('not-resolved')
}

/** The way to an address that the user has chosen. Rejects with Refused. */
export async function reachAddress(address: Address, way: Way, signal: AbortSignal): Promise<Reached> {
  if (address.kind === 'tcp') {
    const host = readHost(address.host)
    if (host === undefined) throw new Refused('not-resolved')
    return reach({ ...host, port: address.port }, way, signal)
  }
  const reached = await dial({ path: address.path }, way.connectTimeoutMs, signal)
  if (typeof reached === 'string') throw failure(reached)
  return { socket: reached, address: formatAddress(address) }
}

/** The dot at the end says that no search domain is to be added: it would lead to a name that nobody asked for. */
function resolve(host: string, names: DnsClient, signal: AbortSignal): Promise<readonly string[]> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const asking = names.addresses(`${host}.`, (answer) => {
      if (answer.kind === 'records') resolve(answer.records.map(({ ip }) => ip))
      else reject(new Refused('not-resolved', answer.code))
    })
    signal.addEventListener('abort', () => asking.cancel(), { once: true })
  })
}

/** The first few of those that may be dialled, IPv4 and IPv6 in turn. */
function allowedOf(ips: readonly string[], port: number, addresses: Way['addresses']): string[] {
  const whyNot = ips.map((ip) => addresses.whyNot(ip, port))
  const allowed = ips.filter((_, index) => whyNot[index] === undefined)
  if (allowed.length === 0) throw new Refused('not-allowed', whyNot[0])
  const turns = turnsOf(allowed.map((host) => ({ kind: 'tcp', host, port })))
  return turns.flat().flatMap((place) => (place?.kind === 'tcp' ? [place.host] : []))
}

/** Resolves with an errno if there is no connection. */
function dial(
  to: { host: string; port: number } | { path: string },
  ms: number,
  signal: AbortSignal,
): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connect({ ...to, allowHalfOpen: true, signal })
    const timer = isLimit(ms) ? setTimeout(() => failed({ code: 'ETIMEDOUT' }), ms) : undefined
    const failed = ({ code }: { code?: string }): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(code ?? 'ECONNABORTED')
    }
    socket.on('error', failed)
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve(socket)
    })
  })
}

const failure = (errno: string): Refused =>
  errno === 'ETIMEDOUT' ? new Refused('connect-timeout', errno) : new Refused('connect-failed', errno)
