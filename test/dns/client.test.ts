/** The DNS client against servers of the test that say exactly what each test needs. */
import { expect, it } from 'vitest'
import { a, aaaa, cname, dnsServer, replyTo, soa, srv } from '../support/dns-server.js'
import { addresses, services } from './asking.js'

it('the client gets IPv4 and IPv6 addresses with the lowest TTL of the chain of CNAMEs', async () => {
  const server = await dnsServer((query) => {
    const own = query.type === 'A' ? a('real.test', '192.0.2.1', 30) : aaaa('real.test', '2001:db8::1', 5)
    query.reply(
      replyTo(query, { answers: [own, cname('via.test', 'REAL.test', 10), cname('db.test', 'via.test')] }),
    )
  })
  const answer = await addresses('DB.test.', { servers: [server] })
  expect(sorted(answer)).toEqual([
    { ip: '192.0.2.1', ttlMs: 10_000 },
    { ip: '2001:db8::1', ttlMs: 5000 },
  ])
  expect(answer).toMatchObject({ failedFamily: undefined })
  expect(server.queries.map(({ type }) => type).sort()).toEqual(['A', 'AAAA'])
})

it('the client writes each address in one way, and tells an IPv4 address in IPv6 as IPv4', async () => {
  const server = await dnsServer((query) => {
    const ips = ['2001:DB8:0:0::0001', '::ffff:192.0.2.7']
    query.reply(replyTo(query, { answers: query.type === 'A' ? [] : ips.map((ip) => aaaa('db.test', ip)) }))
  })
  const answer = await addresses('db.test', { servers: [server] })
  expect(sorted(answer).map(({ ip }) => ip)).toEqual(['192.0.2.7', '2001:db8::1'])
})

it('the client tells a TTL of more than 7 days as 7 days, and a TTL of 0 as 0', async () => {
  const server = await dnsServer((query) => {
    const own =
      query.type === 'A' ? [a('db.test', '192.0.2.1', 0xffffffff), a('db.test', '192.0.2.2', 0)] : []
    query.reply(replyTo(query, { answers: own }))
  })
  const answer = await addresses('db.test', { servers: [server] })
  expect(sorted(answer).map(({ ttlMs }) => ttlMs)).toEqual([7 * 24 * 3600 * 1000, 0])
})

it('the client names the family that failed beside the addresses of the other', async () => {
  const server = await dnsServer((query) =>
    query.reply(replyTo(query, query.type === 'A' ? { answers: [a('db.test', '192.0.2.1')] } : { rcode: 2 })),
  )
  const answer = await addresses('db.test', { servers: [server] })
  expect(answer).toMatchObject({ kind: 'records', records: [{ ip: '192.0.2.1' }], failedFamily: 6 })
})

it('a name without records of one family is a failure if the other family fails', async () => {
  const server = await dnsServer((query) =>
    query.reply(replyTo(query, { rcode: query.type === 'A' ? 0 : 2 })),
  )
  expect(await addresses('db.test', { servers: [server] })).toEqual({ kind: 'failed', code: 'SERVFAIL' })
})

it.each([
  ['its minimum', 30, 7, 7],
  ['its TTL', 6, 60, 6],
  ['7 days', 0xffffffff, 0xffffffff, 7 * 24 * 3600],
])('a negative answer is valid for the lowest value of its SOA: %s', async (_, ttl, minimum, seconds) => {
  const server = await dnsServer((query) =>
    query.reply(
      replyTo(query, { rcode: query.name === 'none.test' ? 3 : 0, authorities: [soa('test', ttl, minimum)] }),
    ),
  )
  const nodata = { kind: 'empty', code: 'NODATA', ttlMs: 1000 * seconds }
  expect(await addresses('mail.test', { servers: [server] })).toEqual(nodata)
  expect(await addresses('none.test', { servers: [server] })).toEqual({ ...nodata, code: 'NXDOMAIN' })
})

it('a negative answer without SOA has no TTL', async () => {
  const server = await dnsServer((query) => query.reply(replyTo(query, { rcode: 3 })))
  const answer = await addresses('none.test', { servers: [server] })
  expect(answer).toEqual({ kind: 'empty', code: 'NXDOMAIN', ttlMs: undefined })
})

it('a server that says NXDOMAIN for one family only has addresses of the other', async () => {
  const server = await dnsServer((query) =>
    query.reply(replyTo(query, query.type === 'A' ? { answers: [a('db.test', '192.0.2.1')] } : { rcode: 3 })),
  )
  const answer = await addresses('db.test', { servers: [server] })
  expect(answer).toMatchObject({ kind: 'records', failedFamily: undefined })
})

it('CNAMEs that lead to themselves are no addresses', async () => {
  const server = await dnsServer((query) =>
    query.reply(replyTo(query, { answers: [cname('db.test', 'x.test'), cname('x.test', 'db.test')] })),
  )
  expect(await addresses('db.test', { servers: [server] })).toMatchObject({ kind: 'empty', code: 'NODATA' })
})

it('addresses of other names and of other classes are not taken', async () => {
  const server = await dnsServer((query) => {
    const answers = [a('other.test', '192.0.2.1'), { ...a('db.test', '192.0.2.2'), class: 'CH' as const }]
    query.reply(replyTo(query, { answers }))
  })
  expect(await addresses('db.test', { servers: [server] })).toMatchObject({ kind: 'empty', code: 'NODATA' })
})

it('SRV records have the addresses that the server sent with them', async () => {
  const server = await dnsServer((query) => {
    const answers = [
      srv('_db._tcp.test', { priority: 1, weight: 5, port: 5432, target: 'One.test' }, 20),
      srv('_db._tcp.test', { priority: 2, weight: 0, port: 5433, target: 'two.test' }, 20),
    ]
    const additionals = [
      a('one.test', '192.0.2.1', 9),
      aaaa('ONE.test', '2001:db8::1', 9),
      a('x.test', '192.0.2.9'),
    ]
    query.reply(replyTo(query, { answers, additionals }))
  })
  const one = [
    { ip: '192.0.2.1', ttlMs: 9000 },
    { ip: '2001:db8::1', ttlMs: 9000 },
  ]
  expect(await services('_db._tcp.test', { servers: [server] })).toEqual({
    kind: 'records',
    records: [
      { target: 'one.test', port: 5432, priority: 1, weight: 5, ttlMs: 20_000, addresses: one },
      { target: 'two.test', port: 5433, priority: 2, weight: 0, ttlMs: 20_000, addresses: [] },
    ],
    failedFamily: undefined,
  })
})

it('an SRV record with the target "." says that there is no such service', async () => {
  const server = await dnsServer((query) =>
    query.reply(replyTo(query, { answers: [srv('_db._tcp.test', { port: 0, target: '.' }, 20)] })),
  )
  const answer = await services('_db._tcp.test', { servers: [server] })
  expect(answer).toMatchObject({ kind: 'empty', code: 'NODATA' })
})

it.each([
  ['a label of 64 characters', `${'a'.repeat(64)}.test`],
  ['more than 253 characters', `${'a.'.repeat(127)}test`],
  ['an empty label', 'a..test'],
  ['no label', '.'],
  ['no character', ''],
  ['a space', 'a b.test'],
  ['a NUL character', 'a\0.test'],
  ['letters outside of ASCII', 'bücher.test'],
  ['a number at its end', '127.1'],
  ['a hexadecimal number at its end', '0x7f.0x1'],
])('the client asks nobody for a name with %s', async (_, name) => {
  const server = await dnsServer(() => {})
  const bad = { kind: 'failed', code: 'BADNAME' }
  expect(await addresses(name, { servers: [server] })).toEqual(bad)
  expect(await services(name, { servers: [server] })).toEqual(bad)
  expect(server.queries).toEqual([])
})

it('an IP address means itself', async () => {
  expect(await addresses('2001:db8:0::1')).toMatchObject({
    kind: 'records',
    records: [{ ip: '2001:db8::1' }],
  })
})

/** IPv4 first: whether this machine has IPv6 decides the order. */
function sorted(answer: Awaited<ReturnType<typeof addresses>>) {
  return answer.kind === 'records' ? answer.records.toSorted((x, y) => (x.ip < y.ip ? -1 : 1)) : []
}
