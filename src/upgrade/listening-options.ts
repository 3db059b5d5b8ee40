/**
 * Options of listening sockets that two processes have. The successor sets them when it begins to accept. Before that the predecessor
 * accepts there, and it goes on if the upgrade fails.
 */
import { formatAddress } from '../address.js'
import { USUAL_BACKLOG } from '../defaults.js'
import { kernelLoop } from '../io/choose-engine.js'
import { KernelLoop } from '../io/kernel/kernel-loop.js'
import { errnoName, type Native } from '../io/kernel/native.js'
import { changeOptions } from '../io/kernel/socket-setup.js'
import { activatedSockets } from '../io/listening/activated-sockets.js'
import { listenError } from '../io/listening/listen-errors.js'
import type { SocketOptions } from '../io/socket-options.js'
import type { Begin, Bequest } from './messages.js'
import type { Succession } from './succession.js'

type Listeners = Pick<Succession, 'config' | 'listeners' | 'log'>
type Calls = Pick<Native, 'setOptions' | 'setBacklog'>

/** The options that the config gives to open listeners. */
export function optionsOf(succession: Pick<Listeners, 'config' | 'listeners'>): Begin['options'] {
  return succession.listeners().flatMap(({ name, address }) => {
    const { options } = socketOf(succession.config, name)
    return options === undefined ? [] : [{ address, options }]
  })
}

/**
 * From now on the options of the present config hold. One that only the predecessor has goes back to the value of the system. `begin`
 * undefined: there is no predecessor.
 */
export function takeUpOptions(begin: Begin | undefined, succession: Listeners, calls = ownCalls()): void {
  if (begin === undefined || calls === undefined) return
  const before = new Map(begin.options?.map(({ address, options }) => [formatAddress(address), options]))
  for (const listener of succession.listeners()) {
    const err = change(calls, listener, before.get(formatAddress(listener.address)), succession.config)
    if (err !== undefined)
      succession.log.error(
        { listener: listener.name, err },
        'the listener keeps some of the options that it had',
      )
  }
}

function change(
  calls: Calls,
  { name, address, fds }: Bequest,
  before: SocketOptions | undefined,
  config: Succession['config'],
): Error | undefined {
  const { options = {}, backlog } = socketOf(config, name)
  // A service manager has chosen that of its sockets.
  const present = backlog ?? (activatedSockets.has(address) ? undefined : USUAL_BACKLOG)
  const errors = fds.map((fd) => {
    if (present !== undefined) calls.setBacklog(fd, present)
    return address.kind === 'unix' ? 0 : changeOptions(calls, fd, before, options)
  })
  const error = errors.find((each) => each < 0)
  return error === undefined ? undefined : listenError(address, errnoName(error))
}

const socketOf = ({ listeners }: Succession['config'], name: string) =>
  listeners.find((each) => each.name === name)?.socket ?? { backlog: undefined, options: undefined }

/** Undefined: without the addon a listener has no options. */
function ownCalls(): Calls | undefined {
  const loop = kernelLoop()
  return loop instanceof KernelLoop ? loop.native : undefined
}
