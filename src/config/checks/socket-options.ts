/**
 * Options of sockets that this process may not set, or that this machine does not know. Each is tried before a config is used, so that no
 * connection goes out without its mark or from a wrong address. Works on unchecked input, as `references.ts` does.
 */
import { networkInterfaces } from 'node:os'
import { congestionControls } from '../../io/kernel/native.js'
import type { DialSetup, SocketOptions } from '../../io/socket-options.js'
import { SOCKET_FIELDS } from '../schemas/socket-schema.js'
import { SOCKET_OPTION_NAMES, SOCKET_OPTIONS, type SocketOptionName } from '../socket-options.js'
import { quote } from '../wording.js'
import { hasOnlyUnix } from './listener-places.js'
import type { Finding, Path } from './path.js'
import { isMap, itemsOf, valueAt } from './unchecked.js'

/** Tries it. The errno name of what the kernel says, `no-addon`, or undefined if it can be set. */
export type TryOption = (setup: DialSetup) => string | undefined

interface Place {
  readonly path: Path
  readonly socket: unknown
}

export function checkSockets(input: unknown, tryOption: TryOption): Finding[] {
  return placesOf(input).flatMap(({ path, socket }) =>
    SOCKET_OPTION_NAMES.flatMap((name): Finding[] => {
      const message = whyNot(name, valueAt(socket, name), tryOption)
      return message === undefined ? [] : [{ path: [...path, name], message, about: 'value' }]
    }),
  )
}

/** A listener on a unix socket has none of these options. */
export function checkUnixListeners(input: unknown): Finding[] {
  return itemsOf(valueAt(input, 'listeners')).flatMap((listener, index): Finding[] => {
    const isUnix = hasOnlyUnix(listener)
    const socket = valueAt(listener, 'socket')
    const names = SOCKET_OPTION_NAMES.filter(
      (name) => name !== 'backlog' && valueAt(socket, name) !== undefined,
    )
    const path = ['listeners', index, 'socket']
    const message = 'works only with TCP, and this listener has a unix socket: remove this key'
    return isUnix ? names.map((name) => ({ path: [...path, name], message, about: 'key' })) : []
  })
}

function placesOf(input: unknown): Place[] {
  const clusters = valueAt(input, 'clusters')
  return [
    { path: ['socket'], owner: input },
    ...itemsOf(valueAt(input, 'listeners')).map((owner, index) => ({
      path: ['listeners', index, 'socket'],
      owner,
    })),
    ...Object.entries(isMap(clusters) ? clusters : {}).map(([name, owner]) => ({
      path: ['clusters', name, 'socket'],
      owner,
    })),
  ].map(({ path, owner }) => ({ path, socket: valueAt(owner, 'socket') }))
}

function whyNot(name: SocketOptionName, value: unknown, tryOption: TryOption): string | undefined {
  const setup = value === undefined ? undefined : setupOf(name, value)
  const errno = setup && tryOption(setup)
  return errno === undefined ? undefined : explain(name, value, errno)
}

/** A socket with this option alone. Undefined: nothing has to be tried, or the schema reports the value. */
function setupOf(name: SocketOptionName, value: unknown): DialSetup | undefined {
  const read = SOCKET_FIELDS[name].safeParse(value).data
  if (read === undefined || read === false) return undefined
  if (name === 'transparent') return { options: { isTransparent: true } }
  if (name === 'source')
    return SOCKET_FIELDS.source.parse(value).isClient ? { options: { isTransparent: true } } : undefined
  if (name === 'sourcePorts')
    return { options: {}, source: { host: '0.0.0.0', ports: SOCKET_FIELDS.sourcePorts.parse(value) } }
  return name === 'backlog' ? undefined : { options: { [name]: read } satisfies SocketOptions }
}

function explain(name: SocketOptionName, value: unknown, errno: string): string {
  const { kernel, ...facts } = SOCKET_OPTIONS[name]
  const capability = 'capability' in facts ? facts.capability : undefined
  if (errno === 'no-addon')
    return `${kernel} needs the addon, which this process does not have: build it, or remove this key`
  if (errno === 'EPERM' && name === 'congestion')
    return `${quote(String(value))} needs ${capability}: write ${oneOf(congestionControls('allowed'))}, add it to net.ipv4.tcp_allowed_congestion_control, or give this process the capability`
  if (errno === 'EPERM')
    return `${kernel} needs ${capability}, which this process does not have: give it the capability, or remove this key`
  if (errno === 'ENODEV')
    return `this machine has no network interface ${quote(String(value))}: write ${oneOf(Object.keys(networkInterfaces()))}`
  if (errno === 'ENOENT')
    return `this kernel has no congestion control ${quote(String(value))}: write ${oneOf(congestionControls('available'))}`
  if (errno === 'ENOPROTOOPT')
    return `this kernel has no ${kernel}, which is there since version 6.3: remove this key`
  return `the kernel refuses ${kernel} with ${errno}: write another value, or remove this key`
}

const oneOf = (names: readonly string[]): string => names.map(quote).join(' or ')
