/**
 * Every option of sockets that a config can set: where it may stand, which option of the kernel it is, and what setting it takes. The
 * schema, the checks and docs/config.md are made of this table. `common-input.ts` says what each one means. A worker loads this file, so
 * it has no schema.
 */

/** `config`: for all listeners and clusters that say nothing else. */
export type SocketLevel = 'config' | 'listener' | 'cluster'

interface SocketOptionFacts {
  readonly levels: readonly SocketLevel[]
  /** As the man pages call it. */
  readonly kernel: string
  /** Whether Node can set it, without the addon. */
  readonly isOfNode?: true
  /** Who may set it. Undefined: everybody. */
  readonly capability?: string
}

const EVERYWHERE = ['config', 'listener', 'cluster'] as const
/** As capabilities(7) and the kernel have it since Linux 5.17. Before, SO_MARK took CAP_NET_ADMIN. */
const NET_ADMIN_OR_RAW = 'CAP_NET_ADMIN or CAP_NET_RAW'

export const SOCKET_OPTIONS = {
  backlog: { levels: ['config', 'listener'], kernel: 'listen(2)', isOfNode: true },
  dscp: { levels: EVERYWHERE, kernel: 'IP_TOS, IPV6_TCLASS' },
  mark: { levels: EVERYWHERE, kernel: 'SO_MARK', capability: NET_ADMIN_OR_RAW },
  congestion: { levels: EVERYWHERE, kernel: 'TCP_CONGESTION', capability: 'CAP_NET_ADMIN' },
  interface: { levels: ['listener', 'cluster'], kernel: 'SO_BINDTODEVICE', capability: 'CAP_NET_RAW' },
  transparent: { levels: ['listener'], kernel: 'IP_TRANSPARENT', capability: NET_ADMIN_OR_RAW },
  source: { levels: ['cluster'], kernel: 'bind(2)', isOfNode: true, capability: NET_ADMIN_OR_RAW },
  sourcePorts: { levels: ['cluster'], kernel: 'IP_LOCAL_PORT_RANGE' },
} as const satisfies Record<string, SocketOptionFacts>

export type SocketOptionName = keyof typeof SOCKET_OPTIONS
export type SocketOptionAt<Level extends SocketLevel> = {
  [Name in SocketOptionName]: Level extends (typeof SOCKET_OPTIONS)[Name]['levels'][number] ? Name : never
}[SocketOptionName]

export const SOCKET_OPTION_NAMES = Object.keys(SOCKET_OPTIONS) as readonly SocketOptionName[]

export function socketOptionsAt<Level extends SocketLevel>(level: Level): readonly SocketOptionAt<Level>[] {
  return SOCKET_OPTION_NAMES.filter((name): name is SocketOptionAt<Level> => {
    const { levels }: SocketOptionFacts = SOCKET_OPTIONS[name]
    return levels.includes(level)
  })
}

/** Code points by name: RFC 2474, 2597, 3246, 5865, 8622. */
export const DSCP: ReadonlyMap<string, number> = new Map([
  ['le', 1],
  ['ef', 46],
  ['va', 44],
  ...Array.from({ length: 8 }, (_, each): [string, number] => [`cs${each}`, each * 8]),
  ...[1, 2, 3, 4].flatMap((row) =>
    [1, 2, 3].map((drop): [string, number] => [`af${row}${drop}`, row * 8 + drop * 2]),
  ),
])
