/** Which server the DNS client asks, how often, and over which transport. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createDnsClient, type DnsServer } from '../../src/dns/client.js'
import { a, type DnsServerOfTest, dnsServer, type Query, replyTo, srv } from '../support/dns-server.js'
import { hasIpv6 } from '../support/ipv6.js'
import { freePort } from '../support/programs.js'
import { settled, until } from '../support/wait.js'
import { addresses, NO_FILES, services } from './asking.js'

const SERVICE = '_db._tcp.test'
const SERVFAIL = 2
const TIMEOUT_MS = 1000

// Time passes only while a server is silent, so a busy machine changes nothing.
beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterAll(() => void vi.useRealTimers())
const passTimeout = (): void => void vi.advanceTimersByTime(TIMEOUT_MS)

const servesAt = (query: Query, port: number): Buffer =>
  replyTo(query, { answers: [srv(SERVICE, { port, target: 'db.test' })] })

/** A server whose answer has this port. */
const good = (port = 1): Promise<DnsServerOfTest> => dnsServer((query) => query.reply(servesAt(query, port)))
const silent = (): Promise<DnsServerOfTest> => dnsServer(passTimeout)
const failing = (rcode: number): Promise<DnsServerOfTest> =>
  dnsServer((query) => query.reply(replyTo(query, { rcode })))

/** The port in the answer, or the code of the failure. */
async function portFrom(servers: readonly DnsServer[], tries = 1): Promise<number | string | undefined> {
  const answer = await services(SERVICE, { servers, tries, timeoutMs: TIMEOUT_MS })
  return answer.kind === 'records' ? answer.records[0]?.port : answer.code
}

it('the client asks the next server if one is silent, is not there, or fails', async () => {
  const closed = { ip: '127.0.0.1', port: await freePort() }
  expect(await portFrom([await silent(), await good(2)])).toBe(2)
  expect(await portFrom([closed, await good(3)])).toBe(3)
  for (const rcode of [SERVFAIL, 5, 4, 1, 9])
    expect(await portFrom([await failing(rcode), await good(4)])).toBe(4)
})

it('the client asks no second server if the first says that there is no such name', async () => {
  const second = await good()
  expect(await portFrom([await failing(3), second])).toBe('NXDOMAIN')
  expect(second.queries).toEqual([])
})

it('the client asks the next server if one only names other servers', async () => {
  const lame = await dnsServer((query) => {
    const authorities = [{ type: 'NS' as const, name: 'test', data: 'ns.test' }]
    query.reply(replyTo(query, { authorities, recursion: false }))
  })
  expect(await portFrom([lame, await good(7)])).toBe(7)
  expect(await portFrom([lame])).toBe('LAME')
})

it('the client asks silent servers again in their order, without EDNS, and a server that failed only once', async () => {
  const asked: string[] = []
  const first = await dnsServer(({ packet }) => {
    asked.push(`silent, ${packet.additionals?.length} additional`)
    passTimeout()
  })
  const second = await dnsServer((query) => {
    asked.push('failing')
    query.reply(replyTo(query, { rcode: SERVFAIL }))
  })
  expect(await portFrom([first, second], 3)).toBe('TIMEOUT')
  expect(asked).toEqual(['silent, 1 additional', 'failing', 'silent, 0 additional', 'silent, 0 additional'])
})

it('the client asks a server that was silent after all others from then on', async () => {
  const [first, second] = [await silent(), await good()]
  const client = createDnsClient({ servers: [first, second], timeoutMs: TIMEOUT_MS, files: NO_FILES })
  for (let i = 0; i < 3; i++) await new Promise((resolve) => client.srv(SERVICE, resolve))
  expect([first.queries.length, second.queries.length]).toEqual([1, 3])
})

it('the client asks a server without EDNS if it does not understand EDNS', async () => {
  const server = await dnsServer((query) => {
    const hasEdns = query.packet.additionals?.length === 1
    query.reply(hasEdns ? replyTo(query, { rcode: 1, questions: [] }) : servesAt(query, 8))
  })
  expect(await portFrom([server])).toBe(8)
  expect(server.queries.length).toBe(2)
})

it('the client says that it takes datagrams of 1232 bytes', async () => {
  const server = await good()
  await portFrom([server])
  expect(server.queries[0]?.packet.additionals).toMatchObject([
    { type: 'OPT', udpPayloadSize: 1232, options: [] },
  ])
})

it('the client takes the upper bits of a code from the OPT record', async () => {
  const opt = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 512,
    extendedRcode: 1,
    ednsVersion: 0,
    flags: 0,
  } as const
  const server = await dnsServer((query) =>
    query.reply(replyTo(query, { additionals: [{ ...opt, flag_do: false, options: [] }] })),
  )
  expect(await portFrom([server])).toBe('EXTENDED_1')
})

it('the client asks over TCP if the datagram is truncated', async () => {
  const many = Array.from({ length: 300 }, (_, i) => a('db.test', `192.0.2.${i % 256}`, i))
  const server = await dnsServer((query) => {
    if (query.transport === 'udp') query.reply(replyTo(query, { isTruncated: true }))
    else query.reply(replyTo(query, { answers: query.type === 'A' ? many : [] }))
  })
  const answer = await addresses('db.test', { servers: [server] })
  expect(answer).toMatchObject({ kind: 'records' })
  expect(answer.kind === 'records' && answer.records.length).toBe(300)
})

it('the client asks over TCP if the datagram is truncated within a record', async () => {
  const server = await dnsServer((query) => {
    if (query.transport === 'tcp') query.reply(servesAt(query, 9))
    else
      query.reply(
        replyTo(query, { isTruncated: true, answers: [srv(SERVICE, { port: 1, target: 'x' })] }).subarray(
          0,
          -3,
        ),
      )
  })
  expect(await portFrom([server])).toBe(9)
})

it.skipIf(!(await hasIpv6()))(
  'the client asks a server with an IPv6 address, over UDP and over TCP',
  async () => {
    const server = await dnsServer((query) => {
      query.reply(query.transport === 'udp' ? replyTo(query, { isTruncated: true }) : servesAt(query, 5))
    }, '::1')
    expect(await portFrom([server])).toBe(5)
    expect(server.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp'])
  },
)

it('the client asks the next server if one truncates and has no TCP, or breaks it off', async () => {
  const truncating = await dnsServer((query) => {
    if (query.transport === 'udp') query.reply(replyTo(query, { isTruncated: true }))
    else query.socket?.end(Buffer.from([0, 100, 1]))
  })
  expect(await portFrom([truncating, await good(6)])).toBe(6)
  expect(await portFrom([truncating])).toBe('ECONNRESET')
})

it('at most 64 questions are under way, the others wait, and a cancelled one leaves its place to the next', async () => {
  let answers = false
  const server = await dnsServer((query) => {
    if (answers) query.reply(servesAt(query, 1))
  })
  const client = createDnsClient({ servers: [server], files: NO_FILES })
  const told: string[] = []
  const ask = (count: number) =>
    Array.from({ length: count }, () => client.srv(SERVICE, ({ kind }) => told.push(kind)))
  ask(64)
  const cancelled = ask(64)
  ask(100)
  await until(() => server.queries.length >= 64)
  await settled(() => server.queries.length)
  expect(server.queries.length).toBe(64)
  for (const each of cancelled) each.cancel()
  answers = true
  for (const query of [...server.queries]) query.reply(servesAt(query, 1))
  await until(() => told.length === 164)
  expect(new Set(told)).toEqual(new Set(['records']))
  expect(server.queries.length).toBe(164)
})
