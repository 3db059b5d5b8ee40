/** Reads the addresses of listeners and backends. Each function returns an address, or a sentence that says what is wrong with the text. */
import { isIP } from 'node:net'
import { type Address, HOST_NAME_MAX_CHARS, isAbstract, parseAddress } from '../../address.js'
import { whyNoAbstractNames } from '../../io/kernel/native.js'
import { activatedSockets } from '../../io/listening/activated-sockets.js'
import { expected, quote } from '../wording.js'

/** Each is a socket in each worker. */
const MOST_PORTS = 1000

export function parseListenerAddress(text: string): Address | string {
  const address = parseActivated(text) ?? parseHere(text)
  if (typeof address === 'string' || address.kind === 'unix' || isIP(address.host) !== 0) return address
  if (address.host.toLowerCase() === 'localhost') return { ...address, host: '127.0.0.1' }
  return `a listener cannot use the host name ${quote(address.host)}: write an IP address or localhost`
}

/** `0.0.0.0:5000-5010` is eleven addresses. */
export function parseListenerAddresses(text: string): readonly Address[] | string {
  const [, host, first, last] = /^(.+):(\d{1,5})-(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || text.startsWith('unix:')) {
    const address = parseListenerAddress(text)
    return typeof address === 'string' ? address : [address]
  }
  const [low, high] = [Number(first), Number(last)]
  const lowest = parseListenerAddress(`${host}:${low}`)
  if (typeof lowest === 'string') return lowest
  if (low < 1 || high > 65_535 || high < low || high - low >= MOST_PORTS)
    return expected(`a range of 1 to ${MOST_PORTS} ports from 1 to 65535, such as ${host}:5000-5010`, text)
  return Array.from({ length: high - low + 1 }, (_, index) => ({ ...lowest, port: low + index }))
}

/** Without a port: the one that the client has connected to, which is 0 here. */
export function parseBackendAddress(text: string): Address | string {
  if (hasNoPort(text)) return parseHere(`${text}:0`)
  const address = parseHere(text)
  if (typeof address === 'string' || address.kind === 'unix' || address.port !== 0) return address
  return expected('a port from 1 to 65535', 0)
}

/** The same, but a port is required. */
export function parsePortedAddress(text: string): Address | string {
  return hasNoPort(text) ? parseHere(text) : parseBackendAddress(text)
}

/** A host alone: a name, an IPv4 address, or an IPv6 address in brackets. A number alone is a port. */
const hasNoPort = (text: string): boolean =>
  text.length <= HOST_NAME_MAX_CHARS && /^(\[[^\]]*\]|(?!\d+$)[^:[\]]+)$/.test(text)

/** The address of a socket that a service manager has opened. Undefined: the text names none. */
export function parseActivated(text: string): Address | string | undefined {
  return text.startsWith('fd:') ? activatedSockets.find(text.slice('fd:'.length)) : undefined
}

/** Refuses a kind of address that this platform lacks. */
function parseHere(text: string): Address | string {
  const address = parseAddress(text)
  if (typeof address === 'string' || address.kind === 'tcp' || !isAbstract(address)) return address
  return whyNoAbstractNames() ?? address
}
