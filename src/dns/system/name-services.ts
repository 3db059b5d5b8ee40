/**
 * /etc/nsswitch.conf, nsswitch.conf(5): whether the system finds host names by DNS alone. millrace asks DNS itself, because
 * the system does not tell how long its answers are valid. Names that only the system finds must go on working. Pure.
 */

/** `dns-then-system`: the system is asked if DNS has no address. */
export type Finder = 'dns' | 'dns-then-system' | 'system'

/** systemd-resolved speaks DNS, too. It is the server in resolv.conf then. */
const BY_DNS: ReadonlySet<string> = new Set(['dns', 'resolve'])
/** Sources before DNS that know names of this machine only. They may be asked later. The hosts file is read anyway. */
const OF_THIS_MACHINE: ReadonlySet<string> = new Set(['files', 'myhostname', 'mymachines'])

/** The sources of host names in their order. Undefined if the file is missing or does not name them. */
export function parseNameServices(text: string | undefined): readonly string[] | undefined {
  const line = text
    ?.split('\n')
    .map((each) => each.replace(/#.*/, '').trim())
    .find((each) => /^hosts\s*:/.test(each))
  return line
    ?.replace(/^hosts\s*:/, '')
    .replace(/\[[^\]]*\]/g, ' ')
    .split(/\s+/)
    .filter((source) => source !== '')
}

/** Who finds the addresses of `host`. `sources` are those of `parseNameServices`. */
export function finderOf(host: string, sources: readonly string[] | undefined): Finder {
  // macOS and musl have no such file. The system of the one has more than DNS, and that of the other has not.
  if (sources === undefined) return 'dns-then-system'
  if (/\.local\.?$/i.test(host) && sources.some(isMulticast)) return 'system'
  const place = sources.findIndex((source) => BY_DNS.has(source))
  if (place === -1) return 'system'
  const isHarmless = (source: string): boolean => OF_THIS_MACHINE.has(source) || isMulticast(source)
  if (!sources.slice(0, place).every(isHarmless)) return 'system'
  return sources.every((source) => source === 'files' || source === 'dns') ? 'dns' : 'dns-then-system'
}

/** Multicast DNS finds names that end with `.local` (RFC 6762). */
const isMulticast = (source: string): boolean => source.startsWith('mdns')
