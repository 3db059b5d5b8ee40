/**
 * What `dial` needs and forbids elsewhere in a config: keys that choose among backends, and listeners whose clients never
 * name a server. Works on unchecked input, as `references.ts` does.
 */
import { isIP } from 'node:net'
import { bytesToIp, ipToBytes } from '../../ip.js'
import { quote } from '../wording.js'
import { listenersOf, type Reaching } from './listeners-of.js'
import type { Finding, Path } from './path.js'
import { isMap, itemsOf, valueAt } from './unchecked.js'

const CHOOSING = ['backends', 'balance', 'hash', 'slowStartMs', 'health']
const UNKNOWN = 'clients that get here name no server: write a cluster with backends'

export function checkDial(input: unknown, name: string): Finding[] {
  const cluster = valueAt(valueAt(input, 'clusters'), name)
  if (!isMap(cluster)) return []
  const path: Path = ['clusters', name]
  const { dial } = cluster
  if (dial === undefined) {
    if (cluster.backends !== undefined) return []
    const message = 'is missing: expected a list of backends, or "dial"'
    return [{ path: [...path, 'backends'], message, about: 'value' }]
  }
  const server = valueAt(dial, 'server')
  return [
    ...keysBeside(cluster, path),
    ...(server === 'sni' ? onlyForHost(dial, [...path, 'dial']) : []),
    ...repeatedNames(dial, [...path, 'dial', 'allow']),
    ...networksOfAddresses(dial, [...path, 'dial', 'allow']),
    ...listenersOf(input, name).flatMap((each) => checkListener(each, server, path)),
  ]
}

function keysBeside(cluster: Readonly<Record<string, unknown>>, path: Path): Finding[] {
  const chooses = CHOOSING.filter((key) => cluster[key] !== undefined).map((key) =>
    finding(
      [...path, key],
      'cannot stand beside "dial", because the client chooses the server: remove one of the two keys',
    ),
  )
  if (cluster.startTls === undefined) return chooses
  const message = 'cannot stand beside "dial": remove this key, and give Postgres a cluster with backends'
  return [...chooses, finding([...path, 'startTls'], message)]
}

/** A ClientHello names neither a port nor an IP address (RFC 6066, section 3). */
function onlyForHost(dial: unknown, path: Path): Finding[] {
  const ports = itemsOf(valueAt(dial, 'ports'))
  const findings: Finding[] = []
  if (ports.length > 1) {
    const message =
      'a ClientHello names no port, so "server: sni" takes one: write one, or give each port a cluster'
    findings.push({ path: [...path, 'ports'], message, about: 'value' })
  }
  for (const [index, name] of namesOf(dial).entries()) {
    if (name === undefined || isIP(name) === 0) continue
    const message = `${quote(name)}: clients send no IP address as a server name: write a host name`
    findings.push({ path: [...path, 'allow', index], message, about: 'value' })
  }
  return findings
}

function repeatedNames(dial: unknown, path: Path): Finding[] {
  const names = namesOf(dial).map((name) => name && asCompared(name))
  return names.flatMap((name, index): Finding[] => {
    if (name === undefined || names.indexOf(name) === index) return []
    return [
      {
        path: [...path, index],
        message: `${quote(name)} is already in this list: remove one`,
        about: 'value',
      },
    ]
  })
}

function asCompared(name: string): string {
  const bytes = ipToBytes(name)
  return bytes === undefined ? name.toLowerCase().replace(/\.$/, '') : bytesToIp(bytes)
}

/** An address in the list may be dialled, whatever it is for. It leads nowhere else. */
function networksOfAddresses(dial: unknown, path: Path): Finding[] {
  const allow = itemsOf(valueAt(dial, 'allow'))
  return namesOf(dial).flatMap((name, index): Finding[] => {
    const isUseless =
      name !== undefined && isIP(name) !== 0 && valueAt(allow[index], 'networks') !== undefined
    const message =
      'an IP address needs no networks, because millrace dials this very address: remove this key'
    return isUseless ? [finding([...path, index, 'networks'], message)] : []
  })
}

function namesOf(dial: unknown): (string | undefined)[] {
  const allow = valueAt(dial, 'allow')
  return (typeof allow === 'string' ? [allow] : itemsOf(allow)).map((each) => {
    const name = isMap(each) ? each.name : each
    return typeof name === 'string' ? name : undefined
  })
}

/** Whether clients of this listener name a server where the cluster looks for it. */
function checkListener({ listener, index, keys }: Reaching, server: unknown, path: Path): Finding[] {
  const at: Path = ['listeners', index]
  const { protocol, tls, startTls } = listener
  if (startTls !== undefined) {
    const message =
      'a listener with "startTls" cannot send clients to a cluster with "dial": remove one of the two'
    return [finding([...at, 'startTls'], message)]
  }
  const remedy = server === 'host' ? REMEDY.host : server === 'sni' ? REMEDY.sni : undefined
  const isMet = server === 'host' ? protocol === 'http' : protocol !== 'http' || tls !== undefined
  if (remedy !== undefined && !isMet) {
    const message = `"${server}" is never known at listeners[${index}]: add ${remedy} there`
    return [{ path: [...path, 'dial', 'server'], message, about: 'value' }]
  }
  const nameless = server === 'sni' ? ['onSilent', 'onBadHello', 'onNoSni'] : ['onSilent', 'onBadHello']
  return [
    ...keys
      .filter(([key]) => nameless.includes(String(key)))
      .map((key): Finding => ({ path: [...at, ...key], message: UNKNOWN, about: 'value' })),
    ...(server === 'sni' ? routesWithoutTls(listener, keys, at) : []),
  ]
}

const REMEDY = {
  host: '"protocol: http", or write "sni"',
  sni: '"tls", because plain HTTP has no ClientHello, or write "host"',
}

/** A route for clients that speak something else than TLS. Bytes in hex may begin a ClientHello. */
function routesWithoutTls(
  listener: Readonly<Record<string, unknown>>,
  keys: readonly Path[],
  at: Path,
): Finding[] {
  return keys.flatMap((key): Finding[] => {
    if (key[0] !== 'routes') return []
    const speaks = valueAt(itemsOf(listener.routes)[Number(key[1])], 'speaks')
    const names = typeof speaks === 'string' ? [speaks] : itemsOf(speaks)
    const mayBeTls = names.length === 0 || names.some((each) => /^(tls$|hex:)/i.test(String(each)))
    return mayBeTls ? [] : [{ path: [...at, ...key], message: UNKNOWN, about: 'value' }]
  })
}

const finding = (path: Path, message: string): Finding => ({ path, message, about: 'key' })
