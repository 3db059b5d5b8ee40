// Where the bench's traffic flows: network namespaces of its own, so that each can have its congestion
// control while the machine's settings stay untouched. All of them are gone when the process ends. The routes
// choose the congestion control (ip-route(8), `congctl`), for both ends of every connection. The sysctl of a
// namespace would take only what the machine's tcp_allowed_congestion_control has.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const LOOPBACK = '127.0.0.1'
const SETTINGS = '/proc/sys/net/ipv4'

const namespaces = new Set()
const networks = new Map()

process.on('exit', () => {
  for (const name of namespaces) spawnSync('ip', ['netns', 'del', name])
})

/**
 * A network of one kind under one congestion control. `loopback` is one namespace. `veth` joins load and
 * proxy by a veth pair of MTU 1500. Returns namespace and host of both sides, or the `reason` why there is no
 * such network.
 */
export function networkFor(kind, congestion) {
  const key = `${kind} ${congestion}`
  if (!networks.has(key)) networks.set(key, reasonWithout(congestion) ?? open(kind, congestion))
  return networks.get(key)
}

/** Why only the machine's own loopback can be used. Undefined: namespaces can be made. */
export function reasonNoNamespaces() {
  if (process.getuid() !== 0) return 'network namespaces need root'
  if (spawnSync('ip', ['-V']).error !== undefined) return 'needs ip: apt-get install iproute2'
  return undefined
}

export const machineCongestion = () => setting('tcp_congestion_control')

function reasonWithout(congestion) {
  if (!setting('tcp_available_congestion_control').split(/\s+/).includes(congestion))
    return { reason: `this kernel has no ${congestion} (modprobe tcp_${congestion})` }
  return undefined
}

// Without namespaces there is still the machine's own loopback, with the machine's own congestion control.
function open(kind, congestion) {
  const reason = reasonNoNamespaces()
  if (reason !== undefined && kind === 'loopback' && congestion === machineCongestion()) {
    return { load: { host: LOOPBACK }, proxy: { host: LOOPBACK } }
  }
  if (reason !== undefined) return { reason }
  try {
    return kind === 'veth' ? openVeth(congestion) : openLoopback(congestion)
  } catch (error) {
    return { reason: error.message }
  }
}

function openLoopback(congestion) {
  const name = addNamespace(`bench-${congestion}-${process.pid}`, congestion)
  const side = { namespace: name, host: LOOPBACK }
  return { load: side, proxy: side }
}

function openVeth(congestion) {
  const load = addNamespace(`bench-load-${congestion}-${process.pid}`, congestion)
  const proxy = addNamespace(`bench-proxy-${congestion}-${process.pid}`, congestion)
  ip('-n', load, 'link', 'add', 'bench0', 'type', 'veth', 'peer', 'name', 'bench1', 'netns', proxy)
  return {
    load: connect(load, 'bench0', '198.18.0.1', congestion),
    proxy: connect(proxy, 'bench1', '198.18.0.2', congestion),
  }
}

function connect(namespace, device, host, congestion) {
  ip('-n', namespace, 'addr', 'add', `${host}/30`, 'dev', device)
  ip('-n', namespace, 'link', 'set', device, 'mtu', '1500', 'up')
  ip('-n', namespace, 'route', 'replace', '198.18.0.0/30', 'dev', device, 'src', host, 'congctl', congestion)
  return { namespace, host }
}

function addNamespace(name, congestion) {
  ip('netns', 'add', name)
  namespaces.add(name)
  ip('-n', name, 'link', 'set', 'lo', 'up')
  for (const to of ['127.0.0.0/8', LOOPBACK]) {
    const route = [
      'local',
      to,
      'dev',
      'lo',
      'proto',
      'kernel',
      'scope',
      'host',
      'src',
      LOOPBACK,
      'table',
      'local',
    ]
    ip('-n', name, 'route', 'replace', ...route, 'congctl', congestion)
  }
  return name
}

function ip(...args) {
  const { status, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${(error?.message ?? stderr).trim()}`)
}

const setting = (name) => readFileSync(`${SETTINGS}/${name}`, 'utf8').trim()
