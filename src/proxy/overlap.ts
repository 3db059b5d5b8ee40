/**
 * Whether two listeners can be in each other's way: the kernel gives a port to one of them where the address of one
 * includes the other's. Pure.
 */
import { isIPv4 } from 'node:net'
import { type Address, formatAddress } from '../address.js'
import { MillraceError } from '../errors.js'
import type { Listener, ListenerOptions } from '../listener/listener.js'

export function overlap(a: Address, b: Address): boolean {
  if (a.kind === 'unix') return b.kind === 'unix' && a.path === b.path
  if (b.kind === 'unix' || a.port !== b.port || a.port === 0) return false
  return a.host === b.host || includes(a.host, b.host) || includes(b.host, a.host)
}

/** `[::]` takes IPv4 clients, too, unless the system says otherwise. */
function includes(host: string, other: string): boolean {
  return host === '::' || (host === '0.0.0.0' && isIPv4(other))
}

/** Why `asked` could not be opened, where that is because of one of our `others`; the error as it is otherwise. */
export function blameOurselves(error: unknown, asked: ListenerOptions, others: readonly Listener[]): unknown {
  const other = others.find(
    (each) => each.isListening && each.options !== asked && overlap(each.address, asked.address),
  )
  if (other === undefined || errnoOf(error) !== 'EADDRINUSE') return error
  const [wanted, taken] = [formatAddress(asked.address), formatAddress(other.address)]
  return new MillraceError(
    'listen-failed',
    `listener ${asked.name}: cannot listen on ${wanted} while listener ${other.options.name} of this proxy listens on ` +
      `${taken}: take that out of the config first, then reload once more, or start the process again`,
    { cause: error },
  )
}

/** A listener's error is caused by its engine's, which is caused by an errno. */
function errnoOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause.cause : undefined
}
