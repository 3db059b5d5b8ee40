/** Questions to a DNS client as promises. */
import {
  type AddressRecord,
  type Answer,
  createDnsClient,
  type DnsClientOptions,
  type SrvRecord,
} from '../../src/dns/client.js'

/** A file that does not exist. */
const MISSING = '/nonexistent/file'
export const NO_FILES = { hosts: MISSING, resolvConf: MISSING, nameServices: MISSING }

const withoutFiles = (options: DnsClientOptions): DnsClientOptions => ({ files: NO_FILES, ...options })

/** The addresses of a host by a new client, which sees no files of this machine. */
export function addresses(host: string, options: DnsClientOptions = {}): Promise<Answer<AddressRecord>> {
  return new Promise((resolve) => createDnsClient(withoutFiles(options)).addresses(host, resolve))
}

/** The SRV records of a service by a new client. */
export function services(name: string, options: DnsClientOptions = {}): Promise<Answer<SrvRecord>> {
  return new Promise((resolve) => createDnsClient(withoutFiles(options)).srv(name, resolve))
}
