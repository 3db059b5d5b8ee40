/** Options of sockets as people write them, and as the rest of the program reads them. */
import { isIP } from 'node:net'
import type * as z from 'zod'
import type { SocketOptions } from '../../io/socket-options.js'
import {
  DSCP,
  SOCKET_OPTION_NAMES,
  SOCKET_OPTIONS,
  type SocketLevel,
  type SocketOptionAt,
  type SocketOptionName,
  socketOptionsAt,
} from '../socket-options.js'
import { expected, quote } from '../wording.js'
import * as fields from './fields.js'

/** Of a listening socket. Its clients have the same options. */
export interface ListenerSocket {
  /** Undefined: the usual one. */
  readonly backlog: number | undefined
  /** Undefined: as the system has them. */
  readonly options: SocketOptions | undefined
}

/** Of the sockets to the backends of a cluster. */
export interface ClusterSocket {
  readonly options: SocketOptions
  /** Undefined: as the kernel chooses. */
  readonly source: ConnectSource | undefined
  readonly sourcePorts: readonly [low: number, high: number] | undefined
}

/** From which address millrace connects. */
export interface ConnectSource {
  /** From that of the client. */
  readonly isClient: boolean
  /** IP addresses that take turns. None if it is that of the client. */
  readonly addresses: readonly string[]
}

interface Values {
  readonly backlog: number
  readonly dscp: number
  readonly mark: number
  readonly congestion: string
  readonly interface: string
  readonly transparent: boolean
  readonly source: ConnectSource
  readonly sourcePorts: readonly [low: number, high: number]
}

/** What one level says. Undefined: as the level before it says. */
type Said<Name extends SocketOptionName> = { readonly [Each in Name]?: Values[Each] | undefined }
export type OwnSocket<Level extends SocketLevel> = Said<SocketOptionAt<Level>>

/** The longest name of a network interface (IFNAMSIZ) and of a congestion control (TCP_CA_NAME_MAX), without the NUL. */
const MOST_NAME_CHARS = 15
const MOST_MARK = 2 ** 32 - 1

const nameOf = (what: string) =>
  fields.checkedTextField(what, (text) =>
    /^[!-~]+$/.test(text) && text.length <= MOST_NAME_CHARS && !text.includes('/')
      ? undefined
      : `write ${what}, which has 1 to ${MOST_NAME_CHARS} characters`,
  )

export const SOCKET_FIELDS: { readonly [Name in SocketOptionName]: z.ZodType<Values[Name]> } = {
  backlog: fields.wholeNumberField(1, 2 ** 31 - 1),
  dscp: fields.field(readDscp),
  mark: fields.wholeNumberField(1, MOST_MARK),
  congestion: nameOf('a congestion control, such as bbr'),
  interface: nameOf('a network interface, such as eth0'),
  transparent: fields.booleanField,
  source: fields.field(readSource),
  sourcePorts: fields.field(readPorts),
}

/** The socket options of this level. All of them may be missing. */
export function socketField<Level extends SocketLevel>(level: Level): z.ZodType<OwnSocket<Level>> {
  const shape = Object.fromEntries(
    socketOptionsAt(level).map((name) => [name, fields.optional(SOCKET_FIELDS[name])]),
  )
  const schema: z.ZodType = fields
    .strictMap('a map, such as { dscp: ef }', shape, whereElse)
    .prefault({} as never)
  return schema as z.ZodType<OwnSocket<Level>>
}

/** What the listener says goes before what the config says. */
export function listenerSocket(own: OwnSocket<'listener'>, common: OwnSocket<'config'>): ListenerSocket {
  const { backlog = common.backlog, transparent } = own
  const options = { ...optionsOf(own, common), isTransparent: transparent || undefined }
  return { backlog, options: isEmpty(options) ? undefined : options }
}

/** Undefined: nothing is to be set on a socket. */
export function clusterSocket(
  own: OwnSocket<'cluster'>,
  common: OwnSocket<'config'>,
): ClusterSocket | undefined {
  const { source, sourcePorts } = own
  const options = { ...optionsOf(own, common), isTransparent: source?.isClient || undefined }
  const socket = { options, source, sourcePorts }
  return isEmpty({ ...options, source, sourcePorts }) ? undefined : socket
}

const isEmpty = (map: object): boolean => Object.values(map).every((value) => value === undefined)

function optionsOf(
  own: Said<'dscp' | 'mark' | 'congestion' | 'interface'>,
  common: OwnSocket<'config'>,
): SocketOptions {
  return {
    dscp: own.dscp ?? common.dscp,
    mark: own.mark ?? common.mark,
    congestion: own.congestion ?? common.congestion,
    interface: own.interface,
  }
}

/** An option that exists, but not at this level, gets a better answer than the name of a similar one. */
function whereElse(key: string): string | undefined {
  const name = SOCKET_OPTION_NAMES.find((each) => each === key)
  if (name === undefined) return undefined
  const places = SOCKET_OPTIONS[name].levels.map((level) =>
    level === 'config' ? 'the config' : `a ${level}`,
  )
  return `cannot stand here: write it under "socket" of ${places.join(' or of ')}`
}

function readDscp(value: unknown): number | string {
  const found =
    DSCP.get(String(value).toLowerCase()) ?? (value === '' || value === null ? Number.NaN : Number(value))
  const isFine = Number.isInteger(found) && found >= 0 && found <= 63
  return isFine ? found : expected('a number from 0 to 63, or a name such as ef, cs1 or af41', value)
}

function readSource(value: unknown): ConnectSource | string {
  if (value === 'client') return { isClient: true, addresses: [] }
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  const wrong = texts.find((each) => typeof each !== 'string' || isIP(each) === 0)
  if (texts.length > 0 && wrong === undefined) return { isClient: false, addresses: texts.map(String) }
  const hint = wrong === 'client' ? '; write "client" alone' : ''
  return expected('an IP address, a list of them, or "client"', wrong ?? value) + hint
}

function readPorts(value: unknown): Values['sourcePorts'] | string {
  const [, low, high] = (typeof value === 'string' && /^(\d{1,5})-(\d{1,5})$/.exec(value)) || []
  const ports = [Number(low), Number(high)] as const
  const isFine = ports[0] >= 1 && ports[0] <= ports[1] && ports[1] <= 65_535
  return isFine ? ports : expected(`two ports, such as ${quote('20000-40000')}`, value)
}
