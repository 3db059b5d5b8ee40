/** Options of sockets: which may stand where, how they are read, and what is told if this process may not set one. */
import { describe, expect, it } from 'vitest'
import { checkSockets } from '../../src/config/checks/socket-options.js'
import type {
  ClusterSocketInput,
  CommonSocketInput,
  ListenerSocketInput,
} from '../../src/config/common-input.js'
import { SOCKET_OPTIONS, socketOptionsAt } from '../../src/config/socket-options.js'
import { judge } from '../../src/config/validate.js'

interface Said {
  readonly all?: CommonSocketInput | Record<string, unknown>
  readonly listener?: ListenerSocketInput | Record<string, unknown>
  readonly cluster?: ClusterSocketInput | Record<string, unknown>
  readonly address?: string
}

const configOf = ({ all, listener, cluster, address = '127.0.0.1:7000' }: Said) => ({
  listeners: [{ address, cluster: 'pg', socket: listener }],
  clusters: { pg: { backends: ['127.0.0.1:9000'], socket: cluster } },
  socket: all,
})

const judged = (said: Said) => judge(configOf(said), [])

function read(said: Said) {
  const verdict = judged(said)
  if (!('config' in verdict)) throw new Error(JSON.stringify(verdict.findings))
  return { listener: verdict.config.listeners[0]!.socket, cluster: verdict.config.clusters.pg!.socket }
}

const problems = (said: Said): string[] => {
  const verdict = judge(configOf(said), undefined)
  return 'config' in verdict
    ? []
    : verdict.findings.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('socket options', () => {
  it('a config without socket options leaves sockets as the system has them', () => {
    expect(read({})).toEqual({ listener: {}, cluster: undefined })
  })

  it('a listener and a cluster go before the config, each option by itself', () => {
    const { listener, cluster } = read({
      all: { backlog: 100, dscp: 'cs1', mark: 7, congestion: 'reno' },
      listener: { dscp: 'ef', interface: 'lo', transparent: true },
      cluster: { mark: 8 },
    })
    expect(listener).toEqual({
      backlog: 100,
      options: { dscp: 46, mark: 7, congestion: 'reno', interface: 'lo', isTransparent: true },
    })
    expect(cluster).toEqual({ options: { dscp: 8, mark: 8, congestion: 'reno' } })
  })

  it.each([
    ['af41', 34],
    ['AF11', 10],
    ['cs7', 56],
    ['le', 1],
    [63, 63],
    ['0', 0],
  ])('dscp %s is code point %d', (dscp, code) => {
    expect(read({ listener: { dscp } }).listener.options?.dscp).toBe(code)
  })

  it('millrace connects from one address, from several in turn, or from that of the client', () => {
    const sourceOf = (source: string | string[]) => read({ cluster: { source } }).cluster
    expect(sourceOf('10.0.0.9')?.source).toEqual({ isClient: false, addresses: ['10.0.0.9'] })
    expect(sourceOf(['10.0.0.9', '::1'])?.source?.addresses).toEqual(['10.0.0.9', '::1'])
    expect(sourceOf('client')).toMatchObject({ source: { isClient: true }, options: { isTransparent: true } })
  })

  it('every option stands at the levels of its table and nowhere else', () => {
    for (const [name, { levels }] of Object.entries(SOCKET_OPTIONS))
      for (const level of ['config', 'listener', 'cluster'] as const)
        expect(socketOptionsAt(level).some((each) => each === name)).toBe(
          levels.some((each) => each === level),
        )
  })

  it.each<[Said, string]>([
    [
      { all: { dscp: 64 } },
      'socket.dscp: expected a number from 0 to 63, or a name such as ef, cs1 or af41, found 64',
    ],
    [{ all: { mark: 0 } }, 'socket.mark: expected a whole number from 1 to 4294967295, found 0'],
    [
      { cluster: { source: 'db.internal' } },
      'clusters.pg.socket.source: expected an IP address, a list of them, or "client", found "db.internal"',
    ],
    [
      { cluster: { source: ['10.0.0.9', 'client'] } },
      'clusters.pg.socket.source: expected an IP address, a list of them, or "client", found "client"; write "client" alone',
    ],
    [
      { cluster: { sourcePorts: '5000-4000' } },
      'clusters.pg.socket.sourcePorts: expected two ports, such as "20000-40000", found "5000-4000"',
    ],
    [
      { cluster: { backlog: 5 } },
      'clusters.pg.socket.backlog: cannot stand here: write it under "socket" of the config or of a listener',
    ],
    [{ cluster: { dscpp: 5 } }, 'clusters.pg.socket.dscpp: unknown key; did you mean "dscp"?'],
    [
      { address: 'unix:/run/a', listener: { dscp: 5, backlog: 5 } },
      'listeners.0.socket.dscp: works only with TCP, and this listener has a unix socket: remove this key',
    ],
  ])('socket options of %j are an error', (said, message) => {
    expect(problems(said)).toEqual([message])
  })
})

describe('socket options that cannot be set', () => {
  it.each<[Said, string, string]>([
    [
      { all: { mark: 7 } },
      'EPERM',
      'socket.mark: SO_MARK needs CAP_NET_ADMIN or CAP_NET_RAW, which this process does not have: give it the capability, or remove this key',
    ],
    [
      { listener: { transparent: true } },
      'EPERM',
      'listeners.0.socket.transparent: IP_TRANSPARENT needs CAP_NET_ADMIN or CAP_NET_RAW',
    ],
    [
      { cluster: { source: 'client' } },
      'EPERM',
      'clusters.pg.socket.source: bind(2) needs CAP_NET_ADMIN or CAP_NET_RAW',
    ],
    [
      { listener: { interface: 'eth9' } },
      'ENODEV',
      'listeners.0.socket.interface: this machine has no network interface "eth9": write "lo"',
    ],
    [
      { all: { congestion: 'bbx' } },
      'ENOENT',
      'socket.congestion: this kernel has no congestion control "bbx": write "',
    ],
    [{ all: { congestion: 'dctcp' } }, 'EPERM', 'socket.congestion: "dctcp" needs CAP_NET_ADMIN: write "'],
    [
      { cluster: { sourcePorts: '20000-30000' } },
      'ENOPROTOOPT',
      'clusters.pg.socket.sourcePorts: this kernel has no IP_LOCAL_PORT_RANGE, which is there since version 6.3: remove this key',
    ],
    [
      { all: { dscp: 'ef' } },
      'no-addon',
      'socket.dscp: IP_TOS, IPV6_TCLASS needs the addon, which this process does not have: build it, or remove this key',
    ],
    [{ all: { dscp: 'ef' } }, 'EINVAL', 'socket.dscp: the kernel refuses IP_TOS, IPV6_TCLASS with EINVAL'],
  ])('%j with %s is an error before the config is used', (said, errno, message) => {
    const [finding, ...others] = checkSockets(configOf(said), () => errno)
    expect(others).toEqual([])
    expect(`${finding!.path.join('.')}: ${finding!.message}`.slice(0, message.length)).toBe(message)
  })

  it('backlog, source and what is not asked for are not tried, because every process may set them', () => {
    const said = { all: { backlog: 5 }, listener: { transparent: false }, cluster: { source: '127.0.0.9' } }
    expect(checkSockets(configOf(said), () => 'EPERM')).toEqual([])
  })
})
