import { expect, it } from 'vitest'
import { inOrderOfUse } from '../../src/dns/reachable.js'
import { hasIpv6 } from '../support/ipv6.js'

const records = (...ips: string[]) => ips.map((ip) => ({ ip, ttlMs: 1 }))

it('IPv6 addresses come last if this machine has no route to them', async () => {
  // A link-local address without a zone has no route anywhere.
  const mixed = records('fe80::2', '192.0.2.2', 'fe80::1', '192.0.2.1')
  expect(await inOrderOfUse(mixed)).toEqual(records('192.0.2.2', '192.0.2.1', 'fe80::2', 'fe80::1'))
})

it('IPv6 addresses come first if this machine has a route to them', async () => {
  const mixed = records('192.0.2.2', '::1', '192.0.2.1')
  const [first] = await inOrderOfUse(mixed)
  expect(first?.ip).toBe((await hasIpv6()) ? '::1' : '192.0.2.2')
})

it('addresses of one family stay in the order of the server', async () => {
  for (const same of [records('fe80::2', 'fe80::1'), records('192.0.2.2', '192.0.2.1'), []])
    expect(await inOrderOfUse(same)).toEqual(same)
})
