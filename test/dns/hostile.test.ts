/** Answers that nobody should send. They end one question, never the process, and they prove nothing. */
import { isIP } from 'node:net'
import { encode } from 'dns-packet'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type AddressRecord, type Answer, createDnsClient, type SrvRecord } from '../../src/dns/client.js'
import { decodeReply, MOST_RECORDS, type Question } from '../../src/dns/packet.js'
import { addressesIn, servicesIn } from '../../src/dns/reply.js'
import { a, cname, dnsServer, type Query, replyTo, soa, srv } from '../support/dns-server.js'
import { openedSince, openFds } from '../support/fds.js'
import { run } from '../support/programs.js'
import { turns, until } from '../support/wait.js'
import { NO_FILES, services } from './asking.js'

const SERVICE = '_db._tcp.test'
const TIMEOUT_MS = 1000

beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterAll(() => void vi.useRealTimers())

const portIn = (port: number) => ({ answers: [srv(SERVICE, { port, target: 'db.test' })] })
const RIGHT = 1
const WRONG = 666

/** The same question with something changed. */
const changed = (query: Query, change: Partial<Query['packet']>): Query => ({
  ...query,
  packet: { ...query.packet, ...change },
})

it.each<[string, (query: Query) => Buffer]>([
  ['another id', (query) => replyTo(changed(query, { id: (query.packet.id ?? 0) ^ 1 }), portIn(WRONG))],
  [
    'another name',
    (query) => replyTo(query, { ...portIn(WRONG), questions: [{ type: 'SRV', name: 'x.test' }] }),
  ],
  [
    'another type',
    (query) => replyTo(query, { ...portIn(WRONG), questions: [{ type: 'A', name: SERVICE }] }),
  ],
  [
    'another class',
    (query) => replyTo(query, { ...portIn(WRONG), questions: [{ type: 'SRV', name: SERVICE, class: 'CH' }] }),
  ],
  [
    'another case',
    (query) =>
      replyTo(query, { ...portIn(WRONG), questions: [{ type: 'SRV', name: SERVICE.toUpperCase() }] }),
  ],
  ['no question', (query) => replyTo(query, { ...portIn(WRONG), questions: [] })],
  [
    'two questions',
    (query) =>
      replyTo(query, {
        ...portIn(WRONG),
        questions: [
          { type: 'SRV', name: SERVICE },
          { type: 'SRV', name: SERVICE },
        ],
      }),
  ],
  ['the flag of a question', (query) => encode({ ...query.packet, type: 'query', ...portIn(WRONG) })],
  ['no byte', () => Buffer.alloc(0)],
  ['a part of the header', (query) => replyTo(query, portIn(WRONG)).subarray(0, 11)],
  ['its last byte missing', (query) => replyTo(query, portIn(WRONG)).subarray(0, -1)],
  [
    'a part of an address missing',
    (query) => replyTo(query, { ...portIn(WRONG), additionals: [a('db.test', '192.0.2.1')] }).subarray(0, -2),
  ],
  ['more records promised than sent', (query) => withCount(replyTo(query, portIn(WRONG)), 65_535)],
  [
    'a pointer to itself',
    (query) => Buffer.concat([withCount(replyTo(query), 1), Buffer.from('c01ec01e', 'hex')]),
  ],
])('a reply with %s is ignored, and the right reply that follows is taken', async (_, wrong) => {
  const server = await dnsServer((query) => {
    query.reply(wrong(query))
    query.reply(replyTo(query, portIn(RIGHT)))
  })
  expect(await services(SERVICE, { servers: [server] })).toMatchObject({ records: [{ port: RIGHT }] })
})

it('a reply from another socket than that of the server is ignored', async () => {
  const other = await dnsServer(() => {})
  const server = await dnsServer((query) => {
    other.sendTo(query.from, replyTo(query, portIn(WRONG)))
    query.reply(replyTo(query, portIn(RIGHT)))
  })
  expect(await services(SERVICE, { servers: [server] })).toMatchObject({ records: [{ port: RIGHT }] })
})

it('each question has a port and an id of its own', async () => {
  const server = await dnsServer((query) => query.reply(replyTo(query, portIn(RIGHT))))
  for (let i = 0; i < 20; i++) await services(SERVICE, { servers: [server] })
  expect(new Set(server.queries.map(({ from }) => from)).size).toBeGreaterThan(10)
  expect(new Set(server.queries.map(({ packet }) => packet.id)).size).toBeGreaterThan(10)
})

it('a server that sends a large answer byte by byte runs into the time-out', async () => {
  const server = await dnsServer((query) => {
    if (query.transport === 'udp') return query.reply(replyTo(query, { isTruncated: true }))
    query.socket?.write(Buffer.from([255, 255]))
    for (let i = 0; i < 10; i++) query.socket?.write(Buffer.alloc(1))
    vi.advanceTimersByTime(TIMEOUT_MS)
  })
  const answer = await services(SERVICE, { servers: [server], timeoutMs: TIMEOUT_MS, tries: 1 })
  expect(answer).toEqual({ kind: 'failed', code: 'TIMEOUT' })
})

it.each<[string, (query: Query) => Buffer]>([
  [
    'of another question',
    (query) => replyTo(changed(query, { id: (query.packet.id ?? 0) ^ 1 }), portIn(WRONG)),
  ],
  ['without a byte', () => Buffer.alloc(0)],
  [
    `of more than ${MOST_RECORDS} records`,
    (query) =>
      replyTo(query, { answers: Array.from({ length: MOST_RECORDS }, () => a(SERVICE, '192.0.2.1')) }),
  ],
  ['of garbage', () => Buffer.alloc(40_000, 0xc0)],
])('a message %s over TCP is a failure', async (_, message) => {
  const server = await dnsServer((query) =>
    query.reply(query.transport === 'udp' ? replyTo(query, { isTruncated: true }) : message(query)),
  )
  expect(await services(SERVICE, { servers: [server], tries: 1 })).toEqual({
    kind: 'failed',
    code: 'BADRESP',
  })
})

it('a reply whose names are thousands of pointers to pointers is no reply', () => {
  const question: Question = { id: 1, name: 'a', type: 'SRV' }
  const withPointers = (count: number): Buffer => {
    const reply = encode({ type: 'response', id: 1, questions: [{ type: 'SRV', name: 'a' }] })
    const head = Buffer.from('00ff0000010000000000ff', 'hex')
    const data = Buffer.alloc(2 * count)
    head.writeUInt16BE(data.length, head.length - 2)
    const start = reply.length + head.length
    for (let at = 0; at < data.length; at += 2)
      data.writeUInt16BE(0xc000 + (at === 0 ? 12 : start + at - 2), at)
    return withCount(Buffer.concat([reply, head, data]), 1)
  }
  expect(decodeReply(withPointers(8), question)).toMatchObject({ answers: [{ type: 'UNKNOWN_65280' }] })
  expect(decodeReply(withPointers(9), question)).toBeUndefined()
  expect(decodeReply(withPointers(8000), question)).toBeUndefined()
})

it('damaged replies never throw, and what they say is well formed', () => {
  const question: Question = { id: 77, name: 'db.test', type: 'A' }
  const replies = [
    { answers: [cname('db.test', 'x.test'), a('x.test', '192.0.2.1')] },
    { answers: [srv('db.test', { port: 1, target: 'x.test' })], additionals: [a('x.test', '192.0.2.1')] },
    { authorities: [soa('test', 1, 1)], flags: 3 },
  ].map((parts) =>
    encode({ type: 'response', id: 77, questions: [{ type: 'A', name: 'db.test' }], ...parts }),
  )
  const damage = fc.array(fc.tuple(fc.nat({ max: 120 }), fc.nat({ max: 255 })), { maxLength: 4 })
  fc.assert(
    fc.property(fc.constantFrom(...replies), damage, fc.nat({ max: 120 }), (whole, changes, kept) => {
      const bytes = Buffer.from(kept > 40 ? whole : whole.subarray(0, kept + 12))
      for (const [at, value] of changes) if (at < bytes.length) bytes.writeUInt8(value, at)
      const packet = decodeReply(bytes, question)
      if (packet === undefined) return
      for (const answer of [addressesIn(packet, 'db.test', 'A'), servicesIn(packet, 'db.test')])
        expectWellFormed(answer)
    }),
    { numRuns: 5000 },
  )
})

it('a cancelled question leaves no socket, and its answer is not told', async () => {
  const before = openFds()
  const server = await dnsServer((query) => {
    if (query.transport === 'udp' && query.name !== 'silent.test')
      query.reply(replyTo(query, { isTruncated: true }))
  })
  const own = openFds()
  const client = createDnsClient({ servers: [server], files: NO_FILES })
  const told: unknown[] = []
  const asked = [
    client.addresses('localhost', (answer) => told.push(answer)),
    client.addresses('silent.test', (answer) => told.push(answer)),
    client.addresses('truncated.test', (answer) => told.push(answer)),
    ...Array.from({ length: 100 }, () => client.srv('silent.test', (answer) => told.push(answer))),
  ]
  asked[0]?.cancel()
  await until(() => server.queries.filter(({ transport }) => transport === 'tcp').length === 2)
  for (const each of asked) each.cancel()
  for (const each of server.queries) each.socket?.destroy()
  await until(() => openedSince(own).length === 0)
  const soFar = server.queries.length
  await turns(20)
  expect(told).toEqual([])
  expect(server.queries.length).toBe(soFar)
  expect(before.length).toBeLessThan(own.length)
})

it('a question under way keeps no process alive', async () => {
  const server = await dnsServer(() => {})
  const code = `
    import { createDnsClient } from './dist/dns/client.js'
    createDnsClient({ servers: [{ ip: '127.0.0.1', port: ${server.port} }] }).addresses('db.test', () => {})
    process.on('exit', () => console.log('ends'))`
  const ended = await run(process.execPath, ['--input-type=module', '-e', code])
  expect(ended).toMatchObject({ code: 0, stdout: 'ends\n', stderr: '' })
})

/** The reply with another number of answers in its header. */
function withCount(reply: Buffer, count: number): Buffer {
  const bytes = Buffer.from(reply)
  bytes.writeUInt16BE(count, 6)
  return bytes
}

function expectWellFormed(answer: Answer<AddressRecord> | Answer<SrvRecord>): void {
  if (answer.kind !== 'records') {
    expect(answer.kind === 'empty' || /^\w+$/.test(answer.code)).toBe(true)
    return
  }
  expect(answer.records.length).toBeGreaterThan(0)
  for (const record of answer.records) {
    expect(record.ttlMs).toBeGreaterThanOrEqual(0)
    expect(record.ttlMs).toBeLessThanOrEqual(7 * 24 * 3600 * 1000)
    if ('ip' in record) expect(isIP(record.ip)).not.toBe(0)
    else expect(record.target).toMatch(/^[a-z\d_.:-]+$/)
  }
}
