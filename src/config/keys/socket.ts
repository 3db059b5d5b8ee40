/** Keys for the options of sockets, at each level where one may stand. */
import {
  SOCKET_OPTIONS,
  type SocketLevel,
  type SocketOptionName,
  socketOptionsAt,
} from '../socket-options.js'
import { type KeyTable, type KeyWords, NOT_SET } from './key-words.js'

const OPTIONS: Readonly<Record<SocketOptionName, KeyWords>> = {
  backlog: {
    does: 'How many clients may wait until millrace accepts them. The kernel takes `net.core.somaxconn` if that is less. If more come, their connects time out',
    takes: 'number, `1` to `2147483647`',
    default: '`4096`',
    zero: 'an error',
  },
  dscp: {
    does: 'The DSCP of all packets that millrace sends, for networks with priorities. Routers on the way may change it',
    takes: 'number, `0` to `63`, or `le`, `cs0` to `cs7`, `af11` to `af43`, `va`, `ef`',
    default: '`0`',
    zero: 'best effort, as without the key',
  },
  mark: {
    does: 'The mark of all packets that millrace sends, which rules of `ip rule` and nftables can ask for. It is not in the packets and does not leave the machine',
    takes: 'number, `1` to `4294967295`',
    default: 'no mark',
    zero: 'an error. For no mark, leave the key out',
  },
  congestion: {
    does: 'The congestion control for what millrace sends, such as `bbr` over long distances',
    takes: 'name in `net.ipv4.tcp_available_congestion_control`',
    default: 'that of the system, `net.ipv4.tcp_congestion_control`',
  },
  interface: {
    does: 'The only network interface that is used. Packets of others do not reach the socket',
    takes: 'name of a network interface',
    default: 'every interface',
  },
  transparent: {
    does: 'Whether millrace takes clients whose destination is an address of another machine. Rules of [TPROXY](#transparent-proxying) bring them',
    takes: '`true`, `false`',
    default: '`false`',
  },
  source: {
    does: 'The address from which millrace connects. Several take turns. Only addresses of the same IP version as the backend count. `client`: the [address of the client](#transparent-proxying). Active checks use the first address that fits',
    takes: 'IP address, a list of them, or `client`',
    default: 'as the kernel chooses',
  },
  sourcePorts: {
    does: 'The ports from which millrace connects. Only those in `net.ipv4.ip_local_port_range` count. Needs kernel 6.3',
    takes: 'two ports, such as `20000-40000`',
    default: 'all in `net.ipv4.ip_local_port_range`',
  },
}

const OWNERS = {
  config: {
    owner: '',
    does: 'Options of the TCP sockets of all listeners and clusters that say nothing else. Unix sockets have only `backlog`',
    default: NOT_SET,
  },
  listener: {
    owner: 'listeners[].',
    does: 'Options of the listening socket. The sockets of its clients have the same',
    default: 'the common `socket`',
  },
  cluster: {
    owner: 'clusters.NAME.',
    does: 'Options of the sockets to the backends, or to the forward proxy of the cluster',
    default: 'the common `socket`',
  },
} as const

export const SOCKET_KEYS: KeyTable = { ...keysOf('config'), ...keysOf('listener'), ...keysOf('cluster') }

function keysOf(level: SocketLevel): KeyTable {
  const { owner, does, default: usual } = OWNERS[level]
  return {
    [`${owner}socket`]: { does, takes: 'map', default: usual },
    ...Object.fromEntries(
      socketOptionsAt(level).map((name) => [`${owner}socket.${name}`, wordsOf(name, level)]),
    ),
  }
}

function wordsOf(name: SocketOptionName, level: SocketLevel): KeyWords {
  const words = OPTIONS[name]
  const facts = SOCKET_OPTIONS[name]
  const levels: readonly SocketLevel[] = facts.levels
  const capability = 'capability' in facts && name !== 'interface' ? `. Needs ${facts.capability}` : ''
  const when = name === 'source' ? ' with `client`' : ''
  const rare = name === 'congestion' ? ', unless it is in `net.ipv4.tcp_allowed_congestion_control`' : ''
  const does = `${words.does} (\`${facts.kernel}\`)${capability}${capability && when}${rare}`
  const isOwn = level !== 'config' && levels.includes('config')
  return { ...words, does, default: isOwn ? `\`socket.${name}\`` : words.default }
}
