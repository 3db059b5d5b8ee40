/**
 * Listening sockets that a service manager has opened for this process (socket activation, sd_listen_fds(3)). The config calls them
 * `fd:NAME` or `fd:3`. The service manager keeps them too, so nothing here calls shutdown(2), and they stay open for as long as the
 * process lives: a listener that is opened again finds its socket again. There is one set per process, as there is one environment.
 */
import { type Address, formatAddress } from '../../address.js'
import { MillraceError } from '../../errors.js'
import { pathOfUnixSocket } from '../kernel/native.js'
import type { NativeService } from '../kernel/native-service.js'
import type { Given, SocketSource } from './given-sockets.js'
import { handleOf, type ServerHandle } from './server-handle.js'

export interface ActivatedSocket {
  /** As the service manager calls it. Several sockets may have the same name. */
  readonly name: string
  readonly fd: number
  /** The config may call it by this number. Default: `fd`. */
  readonly number?: number | undefined
}

interface Opened extends ActivatedSocket {
  /** Undefined: it is no stream socket that listens. */
  readonly place: { readonly address: Address; readonly handle: ServerHandle } | undefined
  isTaken: boolean
}

const NAME = /^[\x21-\x39\x3b-\x7e]{1,255}$/
const NOT_LISTENING =
  'is not a stream socket that listens: its .socket unit needs ListenStream= and Accept=no'

export class ActivatedSockets implements SocketSource {
  #opened: readonly Opened[] = []
  #isAssumed = false

  /** These sockets belong to it from now on. `calls` undefined: without the addon, a socket that does not listen is found late. */
  begin(sockets: readonly ActivatedSocket[], calls: () => NativeService | undefined): void {
    this.#opened = sockets.map((socket) => ({ ...socket, place: placeOf(socket.fd, calls), isTaken: false }))
  }

  /** From now on every name counts as good. */
  assumeAll(): void {
    this.#isAssumed = true
  }

  /** Where the socket is bound that the config calls `fd:NAME`, or a sentence that says what is wrong. `name` is without `fd:`. */
  find(name: string): Address | string {
    if (!NAME.test(name)) return 'a name is missing after "fd:": write fd:NAME or fd:3'
    if (this.#isAssumed) return { kind: 'unix', path: `fd:${name}` }
    if (this.#opened.length === 0)
      return 'this process has no sockets from a service manager: start it through a .socket unit, or write HOST:PORT'
    const named = this.#opened.filter((each) => each.name === name)
    const [found, ...others] =
      named.length > 0 ? named : this.#opened.filter(({ fd, number = fd }) => String(number) === name)
    if (found === undefined)
      return `no socket has the name ${JSON.stringify(name)}: write one of ${this.#names}`
    if (others.length > 0)
      return `${named.length} sockets have the name ${JSON.stringify(name)}: write ${named.map(({ fd }) => `fd:${fd}`).join(' or ')}`
    return found.place?.address ?? `fd:${name} ${NOT_LISTENING}`
  }

  /** Whether the address only stands for a socket whose kind nobody knows, in a config that is only checked. */
  isUnknown(address: Address): boolean {
    return this.#isAssumed && address.kind === 'unix' && address.path.startsWith('fd:')
  }

  has(address: Address): boolean {
    return this.#at(address) !== undefined
  }

  /** Those that are open, for a process that takes the place of this one. */
  get open(): readonly ActivatedSocket[] {
    return this.#opened.flatMap(({ name, fd, number = fd, place }) =>
      place === undefined || place.handle.fd < 0 ? [] : [{ name, number, fd: place.handle.fd }],
    )
  }

  /** Undefined: no such socket is bound to this address. Throws `listen-failed` if it was closed. */
  take(address: Address): Given | undefined {
    const found = this.#at(address)
    if (found?.place === undefined) return undefined
    found.isTaken = true
    const { handle } = found.place
    // Without the addon a listener takes the socket itself, and no duplicate.
    if (handle.fd < 0) throw closed(found)
    return { handles: [handle], ownsFile: false, isKept: true }
  }

  /** Nobody lends sockets to a process that has its own. */
  setBorrower(): void {}

  /** The names of sockets that nobody has taken. Clients wait there for ever. */
  get unused(): readonly string[] {
    return this.#opened.filter(({ isTaken }) => !isTaken).map(({ name, fd }) => `fd:${name} (fd ${fd})`)
  }

  get #names(): string {
    return this.#opened.map(({ name, fd }) => `fd:${name} (fd ${fd})`).join(', ')
  }

  #at(address: Address): Opened | undefined {
    const key = formatAddress(address)
    return this.#opened.find(({ place }) => place !== undefined && formatAddress(place.address) === key)
  }
}

/** The sockets of this process. */
export const activatedSockets = new ActivatedSockets()

function placeOf(fd: number, calls: () => NativeService | undefined): Opened['place'] {
  if ((calls()?.isListening(fd) ?? 1) !== 1) return undefined
  const handle = handleOf(fd)
  if (typeof handle === 'string') return undefined
  const address = addressOf(fd, handle)
  return address && { address, handle }
}

function addressOf(fd: number, handle: ServerHandle): Address | undefined {
  const bound: { address?: string; port?: number } = {}
  // A handle of a unix socket cannot say where it is bound.
  if (handle.getsockname === undefined) {
    const path = pathOfUnixSocket(fd)
    return path === undefined ? undefined : { kind: 'unix', path }
  }
  if (handle.getsockname(bound) !== 0 || bound.address === undefined) return undefined
  return { kind: 'tcp', host: bound.address, port: bound.port ?? 0 }
}

const closed = ({ name }: ActivatedSocket): MillraceError =>
  new MillraceError(
    'listen-failed',
    `fd:${name} was closed when its listener was drained, and without the addon it cannot be opened again: restart millrace`,
  )
