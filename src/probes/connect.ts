/** Connects for a check: with Node, or through the engine of this thread if the socket has to be set up. */
import { type NetConnectOpts, connect as netConnect, type Socket } from 'node:net'
import type { ResolvedAddress } from '../address.js'
import { sharedEngine } from '../io/choose-engine.js'
import type { Dial, DialOutcome } from '../io/engine.js'
import type { DialSetup } from '../io/socket-options.js'

export interface ConnectHooks {
  connected(stream: Socket): void
  /** An errno name. */
  failed(errno: string): void
}

/** The deadline is that of the check. */
const NO_DEADLINE_MS = 0

/** Calls one of the hooks once, never before it has returned, and none after `cancel`. */
export function connect(address: ResolvedAddress, setup: DialSetup | undefined, hooks: ConnectHooks): Dial {
  return setup === undefined ? connectPlainly(address, hooks) : connectAs(address, setup, hooks)
}

function connectPlainly(address: ResolvedAddress, { connected, failed }: ConnectHooks): Dial {
  let isOver = false
  const stream = netConnect({ ...targetOf(address), noDelay: true })
  stream.once('connect', () => {
    if (!isOver) connected(stream)
    isOver = true
  })
  // A socket without a listener for errors would end the process, so this one stays.
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (!isOver) failed(code ?? message)
    isOver = true
  })
  const cancel = (): void => {
    if (!isOver) stream.destroy()
    isOver = true
  }
  return { cancel }
}

function connectAs(address: ResolvedAddress, setup: DialSetup, { connected, failed }: ConnectHooks): Dial {
  const settled = ({ socket, errno }: DialOutcome): void => {
    const stream = socket?.release()
    if (stream === undefined) failed(errno === '' ? 'ECONNRESET' : errno)
    else connected(stream)
  }
  return sharedEngine().dial(address, NO_DEADLINE_MS, settled, setup)
}

const targetOf = (address: ResolvedAddress): NetConnectOpts =>
  address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
