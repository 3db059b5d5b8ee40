/** What the names of backends mean to a proxy that asks DNS itself. */
import { DnsNames } from '../cluster/names/dns-names.js'
import type { NamesProvider } from '../cluster/names/provider.js'
import type { NamesSettings } from '../cluster/names/settings.js'
import { createDnsClient } from '../dns/client.js'
import { announceNames } from '../observe/log/announcements.js'
import type { Log } from '../observe/log/log.js'

/** A reload can change whom it asks, and how long it believes an answer. */
export interface Names extends NamesProvider {
  configure(settings: NamesSettings): void
}

export function createNames(settings: NamesSettings, log: Log): Names {
  return new DnsNames(settings, { createClient: createDnsClient, ...announceNames(log) })
}
