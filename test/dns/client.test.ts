/** The DNS client against servers of the test that say exactly what each test needs. */
import { expect, it } from 'vitest'
import {
  type AddressRecord,
  type Answer,
  createDnsClient,
  type DnsClientOptions,
} from '../../src/dns/client.js'
import { a, aaaa, cname, dnsServer, replyTo } from '../support/dns-server.js'

/** The answer of a new client. */
function addresses(host: string, options: DnsClientOptions): Promise<Answer<AddressRecord>> {
  return new Promise((resolve) => createDnsClient(options).addresses(host, resolve))
}

it('the client gets IPv4 and IPv6 addresses with the lowest TTL of the chain of CNAMEs', async () => {
  const server = await dnsServer((query) => {
    const own = query.type === 'A' ? a('real.test', '192.0.2.1', 30) : aaaa('real.test', '2001:db8::1', 5)
    query.reply(replyTo(query, { answers: [cname('db.test', 'REAL.test', 10), own] }))
  })
  expect(await addresses('db.test', { servers: [server] })).toEqual({
    kind: 'records',
    records: [
      { ip: '192.0.2.1', ttlMs: 10_000 },
      { ip: '2001:db8::1', ttlMs: 5000 },
    ],
    failedFamily: undefined,
  })
})
