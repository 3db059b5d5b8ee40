/**
 * What the config says of listening sockets that two processes have: options, liveness, and who may connect to a unix socket. The
 * successor sets it when it begins to accept. Before that the predecessor accepts there, and it goes on if the upgrade fails.
 */
import { formatAddress } from '../address.js'
import type { ListenerConfig } from '../config/schemas/listener-schema.js'
import { USUAL_BACKLOG } from '../defaults.js'
import { kernelLoop } from '../io/choose-engine.js'
import { KernelLoop } from '../io/kernel/kernel-loop.js'
import { errnoName, type Native } from '../io/kernel/native.js'
import { changeOptions } from '../io/kernel/socket-setup.js'
import { activatedSockets } from '../io/listening/activated-sockets.js'
import { listenError } from '../io/listening/listen-errors.js'
import { changeSocketFile, isAsked } from '../io/listening/socket-file.js'
import { livenessArguments } from '../io/liveness.js'
import type { SocketOptions } from '../io/socket-options.js'
import type { Begin, Bequest } from './messages.js'
import type { Succession } from './succession.js'

type Listeners = Pick<Succession, 'config' | 'listeners' | 'log'>
type Calls = Pick<Native, 'setOptions' | 'setBacklog' | 'setLiveness'>

/** The options that the config gives to open listeners. */
export function optionsOf(succession: Pick<Listeners, 'config' | 'listeners'>): Begin['options'] {
  return succession.listeners().flatMap(({ name, address }) => {
    const options = succession.config.listeners.find((each) => each.name === name)?.socket?.options
    return options === undefined ? [] : [{ address, options }]
  })
}

/**
 * From now on the present config holds for these sockets. An option that only the predecessor has goes back to the value of the system. `begin`
 * undefined: there is no predecessor.
 */
export function takeUpOptions(begin: Begin | undefined, succession: Listeners, calls = ownCalls()): void {
  if (begin === undefined) return
  const before = new Map(begin.options?.map(({ address, options }) => [formatAddress(address), options]))
  for (const listener of succession.listeners()) {
    const asked = succession.config.listeners.find(({ name }) => name === listener.name)
    try {
      if (asked !== undefined) change(calls, listener, before.get(formatAddress(listener.address)), asked)
    } catch (err) {
      succession.log.error(
        { listener: listener.name, err },
        'the listener keeps some of the options that it had',
      )
    }
  }
}

/** @throws MillraceError `listen-failed` */
function change(
  calls: Calls | undefined,
  { address, fds }: Bequest,
  before: SocketOptions | undefined,
  { socket, socketFile, liveness }: ListenerConfig,
): void {
  // A service manager has chosen the backlog and the file of its sockets.
  const isActivated = activatedSockets.has(address)
  const backlog = socket?.backlog ?? (isActivated ? undefined : USUAL_BACKLOG)
  const errors = fds.map((fd) => {
    calls?.setLiveness(fd, ...livenessArguments(liveness))
    if (backlog !== undefined) calls?.setBacklog(fd, backlog)
    if (calls === undefined || address.kind === 'unix') return 0
    return changeOptions(calls, fd, before, socket?.options ?? {})
  })
  const error = errors.find((each) => each < 0)
  if (!isActivated && isAsked(socketFile)) changeSocketFile(address, socketFile)
  if (error !== undefined) throw listenError(address, errnoName(error))
}

/** Undefined: without the addon a listener has no options. */
function ownCalls(): Calls | undefined {
  const loop = kernelLoop()
  return loop instanceof KernelLoop ? loop.native : undefined
}
