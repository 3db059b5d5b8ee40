/**
 * Datagrams to one receiver, over UDP or a unix socket. Sending never waits and never throws. The receiver may come and go. Node has
 * no datagrams on unix sockets, so these need the addon.
 */
import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns'
import { isIP } from 'node:net'
import { errnoName, loadNative } from './kernel/native.js'

export type DatagramAddress =
  | { readonly kind: 'udp'; readonly host: string; readonly port: number }
  /** An abstract name begins with a NUL. */
  | { readonly kind: 'unix'; readonly path: string }

/** '' if the datagram has gone, else why not. `EAGAIN`: there is no room at the moment. */
export type Sent = (errno: string) => void

export interface Datagrams {
  send(bytes: Buffer, sent: Sent): void
  close(): void
}

/** Tells the address of a host. */
export type LookUp = (host: string, found: (error: Error | null, ip: string) => void) => void

/** A name may get another address. It is looked up again when this time has passed (ms), and something is sent. */
const LOOKUP_LASTS_MS = 30_000
/** ms until a name without an address is looked up again, if something is sent. */
const LOOKUP_PAUSE_MS = 1000
const NO_ROOM = 'EAGAIN'
const CLOSED = 'EBADF'

/** Why this process cannot send datagrams to unix sockets. Undefined: it can. */
export function whyNoUnixDatagrams(): string | undefined {
  return loadNative().native === undefined
    ? 'datagrams to unix sockets need the addon: write udp://host:514'
    : undefined
}

export function openDatagrams(address: DatagramAddress, lookUp: LookUp = lookup): Datagrams {
  return address.kind === 'unix'
    ? unixDatagrams(address.path)
    : new UdpDatagrams(address.host, address.port, lookUp)
}

function unixDatagrams(path: string): Datagrams {
  const { native } = loadNative()
  return {
    send: (bytes, sent) =>
      sent(native === undefined ? 'ENOSYS' : errnoName(native.sendDatagram(path, bytes))),
    close: () => {},
  }
}

class UdpDatagrams implements Datagrams {
  readonly #host: string
  readonly #port: number
  readonly #lookUp: LookUp
  /** The address that datagrams go to. Undefined: it is not known yet. */
  #ip: string | undefined
  /** When the host is looked up next. Infinity: it is an address. */
  #lookUpAt: number
  #isLookingUp = false
  #socket: Socket | undefined
  /** Why the socket cannot send. '': it can. */
  #errno = NO_ROOM
  #isClosed = false

  constructor(host: string, port: number, lookUp: LookUp) {
    this.#host = host
    this.#port = port
    this.#lookUp = lookUp
    const isName = isIP(host) === 0
    this.#lookUpAt = isName ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    if (isName) this.#findReceiver()
    else this.#use(host)
  }

  send(bytes: Buffer, sent: Sent): void {
    if (this.#isClosed) {
      sent(CLOSED)
      return
    }
    this.#findReceiver()
    if (this.#ip !== undefined && this.#socket === undefined) this.#open(this.#ip)
    if (this.#socket === undefined || this.#errno !== '') sent(this.#errno)
    else this.#socket.send(bytes, this.#port, this.#ip, (error) => sent(error === null ? '' : codeOf(error)))
  }

  close(): void {
    this.#isClosed = true
    this.#closeSocket(CLOSED)
  }

  /** A name without an address may get one soon, for example at a boot. So whatever is wrong, what is sent can wait. */
  #findReceiver(): void {
    if (this.#isLookingUp || performance.now() < this.#lookUpAt) return
    this.#isLookingUp = true
    this.#lookUp(this.#host, (error, ip) => {
      this.#isLookingUp = false
      if (this.#isClosed) return
      if (error === null) this.#use(ip)
      const pauseMs = this.#ip === undefined ? LOOKUP_PAUSE_MS : LOOKUP_LASTS_MS
      this.#lookUpAt = performance.now() + pauseMs
    })
  }

  #use(ip: string): void {
    if (this.#ip !== undefined && isIP(ip) !== isIP(this.#ip)) this.#closeSocket(NO_ROOM)
    this.#ip = ip
    if (this.#socket === undefined) this.#open(ip)
  }

  /**
   * Binds the socket before anything is sent. Node would bind it at the first datagram. If it then fails to, it drops what waits and
   * tells no sender.
   */
  #open(ip: string): void {
    const socket = createSocket({ type: isIP(ip) === 6 ? 'udp6' : 'udp4', lookup: sameAddress })
    this.#socket = socket
    this.#errno = NO_ROOM
    socket.on('listening', () => {
      if (socket === this.#socket) this.#errno = ''
    })
    // Also a later error ends the socket. The next datagram opens another one.
    socket.on('error', (error) => {
      if (socket === this.#socket) this.#closeSocket(codeOf(error))
    })
    socket.unref().bind({ port: 0, exclusive: true })
  }

  #closeSocket(errno: string): void {
    this.#socket?.close()
    this.#socket = undefined
    this.#errno = errno
  }
}

/** Node asks for the address even of an address. An answer at once lets the kernel take a datagram at once. */
function sameAddress(
  ip: string,
  _options: unknown,
  found: (error: null, ip: string, family: number) => void,
): void {
  found(null, ip, isIP(ip))
}

const codeOf = (error: Error): string => (error as NodeJS.ErrnoException).code ?? error.message
