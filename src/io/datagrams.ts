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

/** A name may get another address. It is looked up again when this time has passed (ms), and something is sent. */
const LOOKUP_LASTS_MS = 30_000

/** Why this process cannot send datagrams to unix sockets. Undefined: it can. */
export function whyNoUnixDatagrams(): string | undefined {
  return loadNative().native === undefined
    ? 'datagrams to unix sockets need the addon: write udp://host:514'
    : undefined
}

export function openDatagrams(address: DatagramAddress): Datagrams {
  return address.kind === 'unix' ? unixDatagrams(address.path) : new UdpDatagrams(address.host, address.port)
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
  #socket: Socket | undefined
  /** The address that the socket sends to. */
  #ip: string | undefined
  #lookedUpAt = Number.NEGATIVE_INFINITY
  #isLookingUp = false
  /** Why there is no socket. */
  #errno = 'EAGAIN'
  #isClosed = false

  constructor(host: string, port: number) {
    this.#host = host
    this.#port = port
    this.#findReceiver()
  }

  send(bytes: Buffer, sent: Sent): void {
    this.#findReceiver()
    const socket = this.#socket
    if (socket === undefined || this.#ip === undefined) sent(this.#errno)
    else socket.send(bytes, this.#port, this.#ip, (error) => sent(error === null ? '' : codeOf(error)))
  }

  close(): void {
    this.#isClosed = true
    this.#socket?.close()
    this.#socket = undefined
  }

  #findReceiver(): void {
    if (isIP(this.#host) !== 0) {
      if (this.#ip === undefined) this.#use(this.#host)
      return
    }
    const now = performance.now()
    if (this.#isLookingUp || now - this.#lookedUpAt < LOOKUP_LASTS_MS) return
    this.#isLookingUp = true
    lookup(this.#host, (error, ip) => {
      this.#isLookingUp = false
      this.#lookedUpAt = performance.now()
      if (this.#isClosed) return
      if (error === null) this.#use(ip)
      else this.#errno = codeOf(error)
    })
  }

  #use(ip: string): void {
    if (ip === this.#ip) return
    this.#ip = ip
    this.#socket?.close()
    // A send has its own error. An error of the socket itself concerns no datagram that anybody waits for.
    this.#socket = createSocket(isIP(ip) === 6 ? 'udp6' : 'udp4')
      .on('error', () => {})
      .unref()
  }
}

const codeOf = (error: Error): string => (error as NodeJS.ErrnoException).code ?? error.message
