/** What this machine knows about names, apart from DNS: its files, and getaddrinfo(3). */
import { lookup as dnsLookup, type LookupAddress, Resolver } from 'node:dns'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { type AddressRecord, type Answer, canonicalIp, failed } from '../answer.js'
import type { DnsServer } from '../exchange.js'
import { type Hosts, parseHosts } from './hosts-file.js'
import { type Finder, finderOf, parseNameServices } from './name-services.js'
import { parseResolvConf, type ResolvConf } from './resolv-conf.js'
import { WatchedFile } from './watched-file.js'

/** `dns.lookup`, or its substitute in a test. */
export type Lookup = (
  host: string,
  options: { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export interface SystemFiles {
  readonly hosts: string
  readonly resolvConf: string
  readonly nameServices: string
}

const FILES: SystemFiles = {
  hosts: '/etc/hosts',
  resolvConf: '/etc/resolv.conf',
  nameServices: '/etc/nsswitch.conf',
}
/** Files and getaddrinfo(3) do not tell how long an answer is valid. */
export const SYSTEM_TTL_MS = 10_000

/** Names that end with it are loopback by definition (RFC 6761 section 6.3). No server can change that. */
const LOCALHOST = /^(?:.+\.)?localhost$/
const LOOPBACK = ['127.0.0.1', '::1']

export class System {
  readonly #hosts: WatchedFile<Hosts>
  readonly #resolvConf: WatchedFile<ResolvConf>
  readonly #nameServices: WatchedFile<readonly string[] | undefined>
  readonly #lookup: Lookup

  constructor(files: SystemFiles = FILES, lookup: Lookup = dnsLookup) {
    this.#hosts = new WatchedFile(files.hosts, parseHosts)
    this.#resolvConf = new WatchedFile(files.resolvConf, (text) => parseResolvConf(text, hostname()))
    this.#nameServices = new WatchedFile(files.nameServices, parseNameServices)
    this.#lookup = lookup
  }

  /** What resolv.conf says now. */
  get resolvConf(): ResolvConf {
    return this.#resolvConf.content
  }

  /** The addresses of a name for which nobody has to be asked. `name` is in lower case, without the dot at its end. */
  addressesOf(name: string): readonly string[] | undefined {
    if (LOCALHOST.test(name)) return LOOPBACK
    return this.#hosts.content.get(name)
  }

  /** Who finds the addresses of this name. Without a server in resolv.conf only the system knows whom to ask. */
  finderOf(name: string): Finder {
    return this.resolvConf.servers.length === 0 ? 'system' : finderOf(name, this.#nameServices.content)
  }

  /** The servers of a system without resolv.conf, such as Windows. */
  servers(): readonly DnsServer[] {
    return new Resolver().getServers().flatMap(serverOf)
  }

  /** The answer of getaddrinfo(3). It cannot be cancelled, and it runs on one of the few threads that Node has. */
  lookup(name: string): Promise<Answer<AddressRecord>> {
    return new Promise((resolve) => {
      this.#lookup(name, { all: true }, (error, addresses) => {
        if (error !== null && error.code !== 'ENOTFOUND') resolve(failed(error.code ?? 'EAI_FAIL'))
        else if (error !== null || addresses.length === 0)
          resolve({ kind: 'empty', code: 'NXDOMAIN', ttlMs: undefined })
        else resolve(systemAnswer(addresses.map(({ address }) => address)))
      })
    })
  }
}

/** An answer that is valid for as long as answers of the system are. */
export function systemAnswer(ips: readonly string[]): Answer<AddressRecord> {
  const records = [...new Set(ips.map(canonicalIp))].map((ip) => ({ ip, ttlMs: SYSTEM_TTL_MS }))
  return { kind: 'records', records, failedFamily: undefined }
}

/** `1.2.3.4`, `1.2.3.4:53`, `::1` or `[::1]:53`, as Node writes them. */
function serverOf(text: string): DnsServer[] {
  if (isIP(text) !== 0) return [{ ip: text, port: 53 }]
  const [, ip = '', port = ''] = /^\[?(.+?)\]?:(\d+)$/.exec(text) ?? []
  return isIP(ip) === 0 ? [] : [{ ip, port: Number(port) }]
}
