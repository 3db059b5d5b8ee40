/** Sets up sockets before they listen or connect, and those that listen already. It owns no socket. */
import type { Address } from '../../address.js'
import { type DialSetup, optionArguments, type SocketOptions } from '../socket-options.js'
import { type Native, usualCongestion } from './native.js'
import { NO_SOCKET, UNIX_PORT } from './native-constants.js'

const ANY_PORT = 0

export type Place = readonly [host: string, port: number]

export function placeOf(address: Address): Place {
  return address.kind === 'unix' ? [address.path, UNIX_PORT] : [address.host, address.port]
}

/** A connect with these options. Returns the fd, or -errno with nothing left open. */
export function connectAs(
  native: Native,
  address: Address,
  generation: number,
  setup: DialSetup | undefined,
): number {
  const [host, port] = placeOf(address)
  if (setup === undefined || address.kind === 'unix') return native.connect(host, port, generation, NO_SOCKET)
  return withSocket(native, [host, port], (fd) => {
    const error = prepare(native, fd, setup)
    return error < 0 ? error : native.connect(host, port, generation, fd)
  })
}

/** Opens a socket, has `use` do something with it, and closes it if `use` returns -errno. */
export function withSocket(native: Native, [host, port]: Place, use: (fd: number) => number): number {
  const fd = native.open(host, port)
  if (fd < 0) return fd
  const result = use(fd)
  if (result < 0) native.close(fd)
  return result
}

/**
 * Changes a socket that listens, and was given the options `before`. Sockets that it has accepted keep what they have. Returns 0 or
 * -errno.
 */
export function changeOptions(
  native: Pick<Native, 'setOptions'>,
  fd: number,
  before: SocketOptions | undefined,
  options: SocketOptions,
): number {
  const { dscp, mark, isTransparent, interface: device, congestion } = options
  const usual = before === undefined ? {} : usualInPlaceOf(before)
  return native.setOptions(
    fd,
    ...optionArguments({
      dscp: dscp ?? usual.dscp,
      mark: mark ?? usual.mark,
      isTransparent: isTransparent ?? usual.isTransparent,
      interface: device ?? usual.interface,
      congestion: congestion ?? usual.congestion,
    }),
  )
}

/** What a socket has that nobody has set up, for the options that were set. */
function usualInPlaceOf({
  dscp,
  mark,
  isTransparent,
  interface: device,
  congestion,
}: SocketOptions): SocketOptions {
  return {
    dscp: dscp && 0,
    mark: mark && 0,
    isTransparent: isTransparent && false,
    interface: device && '',
    congestion: congestion && usualCongestion(),
  }
}

/** Sets these options on a socket that it then closes. Returns 0 or -errno. */
export function tryOptions(native: Native, host: string, setup: DialSetup): number {
  const fd = native.open(host, ANY_PORT)
  if (fd < 0) return fd
  const error = prepare(native, fd, setup)
  native.close(fd)
  return error
}

function prepare(native: Native, fd: number, { options, source }: DialSetup): number {
  const error = native.setOptions(fd, ...optionArguments(options))
  if (error < 0 || source === undefined) return error
  const [low, high] = source.ports ?? [0, 0]
  return native.bindSource(fd, source.host, low, high)
}
