/** `millrace import`: options of sockets, and several addresses of one listener. */
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { importConfig } from '../../src/import/import.js'

/** The first listener and the first cluster, and what was told as `line: why`. Whether this process may set the options does not matter. */
function imported(text: string) {
  const { yaml = '', remarks } = importConfig(text, { file: 'proxy.cfg', from: undefined, read: () => [] })
  const { listeners, clusters } = parse(yaml)
  return { listeners, cluster: clusters.c, told: remarks.map(({ line, why }) => `${line}: ${why}`) }
}

const haproxy = (bind: string, ...lines: readonly string[]) =>
  imported(['listen c', bind, ...lines].join('\n'))

const nginx = (server: string) =>
  imported(`stream { upstream c { server 10.0.0.1:1; } server { proxy_pass c; ${server} } }`)

it.each([
  ['source 10.0.0.9', { source: '10.0.0.9' }],
  ['source 10.0.0.9:20000-30000', { source: '10.0.0.9', sourcePorts: '20000-30000' }],
  ['source ipv6@2001:db8::9', { source: '2001:db8::9' }],
  ['source [2001:db8::9]:0', { source: '2001:db8::9' }],
  ['source 0.0.0.0 usesrc clientip', { source: 'client' }],
  ['source *:0 interface eth1', { interface: 'eth1' }],
])('"%s" of a backend, of a server or of all servers becomes %j of the cluster', (said, socket) => {
  for (const lines of [
    [said, 'server s 10.0.0.1:1'],
    [`server s 10.0.0.1:1 ${said}`],
    [`default-server ${said}`, 'server s 10.0.0.1:1'],
  ]) {
    const { cluster, told } = haproxy('bind :1', ...lines)
    expect(cluster).toEqual({ socket, backends: ['10.0.0.1:1'] })
    expect(told).toEqual([])
  }
})

it('a source address that millrace cannot take is told', () => {
  const { cluster, told } = haproxy(
    'bind :1',
    'source example.com',
    'source 10.0.0.9:1024',
    'source 10.0.0.9 usesrc 10.0.0.8',
    'server s 10.0.0.1:1',
  )
  expect(cluster.socket).toEqual({ source: '10.0.0.9' })
  expect(told).toEqual([
    '3: not imported: "example.com" is no IP address',
    '4: the kernel chooses the port',
    '5: not imported: usesrc: millrace takes the address of the client, and no other foreign one',
  ])
})

it('the options of a bind line and of its section are those of the listener, and a unix socket has only its backlog', () => {
  const { listeners, told } = haproxy(
    'bind :1,/run/c.sock interface eth1 transparent cc bbr',
    'backlog 99',
    'bind :2 backlog 7',
    'server s 10.0.0.1:1',
  )
  expect(listeners).toEqual([
    expect.objectContaining({
      socket: { backlog: 99, congestion: 'bbr', interface: 'eth1', transparent: true },
    }),
    expect.objectContaining({ address: 'unix:/run/c.sock', socket: { backlog: 99 } }),
    expect.objectContaining({ socket: { backlog: 7 } }),
  ])
  expect(told).toEqual([])
})

it('bind lines that say the same are one listener with several addresses', () => {
  const { listeners } = haproxy(
    'bind :1,:::1 backlog 9',
    'bind 10.0.0.9:2-3 backlog 9',
    'bind :1 backlog 9',
    'server s 10.0.0.1:1',
  )
  expect(listeners).toEqual([
    {
      name: 'c',
      addresses: ['0.0.0.0:1', '[::]:1', '10.0.0.9:2', '10.0.0.9:3'],
      socket: { backlog: 9 },
      cluster: 'c',
    },
  ])
})

it.each([
  ['listen 1; proxy_bind 10.0.0.9;', { source: '10.0.0.9' }, []],
  ['listen 1; proxy_bind $remote_addr transparent;', { source: 'client' }, []],
  ['listen 1; proxy_bind off;', undefined, []],
  ['listen 1; proxy_bind $server_addr;', undefined, ['1: not imported: "$server_addr" is no IP address']],
  [
    'listen 1; proxy_bind 10.0.0.9 transparent;',
    undefined,
    ['1: not imported: millrace takes the address of the client, and no other foreign one'],
  ],
])('"%s" of nginx becomes %j of the cluster', (server, socket, remarks) => {
  const { cluster, told } = nginx(server)
  expect(cluster.socket).toEqual(socket)
  expect(told).toEqual(remarks)
})

it('the backlog of nginx is that of the listener', () => {
  expect(nginx('listen 1 backlog=99;').listeners[0].socket).toEqual({ backlog: 99 })
})
