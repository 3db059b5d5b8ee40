/** /etc/hosts, hosts(5): addresses that hold without DNS. Pure. */
import { bytesToIp, ipToBytes } from '../../ip.js'

/** From names in lower case to their addresses, in the order of the file. */
export type Hosts = ReadonlyMap<string, readonly string[]>

/** A line that makes no sense is left out, as the system does. */
export function parseHosts(text: string | undefined): Hosts {
  const hosts = new Map<string, string[]>()
  for (const line of text?.split('\n') ?? []) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    const bytes = ipToBytes(address)
    if (bytes === undefined) continue
    const ip = bytesToIp(bytes)
    for (const name of names) add(hosts, name.toLowerCase(), ip)
  }
  return hosts
}

function add(hosts: Map<string, string[]>, name: string, ip: string): void {
  const ips = hosts.get(name)
  if (ips === undefined) hosts.set(name, [ip])
  else if (!ips.includes(ip)) ips.push(ip)
}
