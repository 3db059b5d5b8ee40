/** Names that are found without DNS: by the files of the machine, and by getaddrinfo(3). */
import type { LookupAddress } from 'node:dns'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { createDnsClient, type DnsClientOptions } from '../../../src/dns/client.js'
import { System } from '../../../src/dns/system/system.js'
import { a, dnsServer, replyTo } from '../../support/dns-server.js'
import { temporaryFolder } from '../../support/folder.js'
import { addresses, services } from '../asking.js'

const folder = temporaryFolder()
const files = {
  hosts: join(folder, 'hosts'),
  resolvConf: join(folder, 'resolv.conf'),
  nameServices: join(folder, 'nsswitch.conf'),
}
/** Nobody listens at port 53 of this address. */
const NO_SERVER = 'nameserver 127.83.83.83\noptions timeout:1 attempts:1'

beforeEach(() => {
  for (const path of Object.values(files)) rmSync(path, { recursive: true, force: true })
})

/** Stands in for `dns.lookup`: the system knows `other.internal`. */
function lookupOfTest() {
  const asked: string[] = []
  const lookup: DnsClientOptions['lookup'] = (host, _, done) => {
    asked.push(host)
    const error: NodeJS.ErrnoException = Object.assign(new Error(host), {
      code: host === 'down' ? 'EAI_AGAIN' : 'ENOTFOUND',
    })
    const found: LookupAddress[] = ['10.0.0.7', '10.0.0.7', '::ffff:10.0.0.8'].map((address) => ({
      address,
      family: 4,
    }))
    setImmediate(() => (host === 'other.internal' ? done(null, found) : done(error, [])))
  }
  return { asked, lookup }
}
const OTHER = {
  kind: 'records',
  records: [
    { ip: '10.0.0.7', ttlMs: 10_000 },
    { ip: '10.0.0.8', ttlMs: 10_000 },
  ],
  failedFamily: undefined,
}
const NOT_FOUND = { kind: 'empty', code: 'NXDOMAIN', ttlMs: undefined }
const ipsOf = (answer: Awaited<ReturnType<typeof addresses>>) =>
  answer.kind === 'records' ? answer.records.map(({ ip }) => ip) : answer

it('localhost and names below it are loopback, whatever the hosts file and DNS say', async () => {
  writeFileSync(files.hosts, '10.0.0.1 localhost db.localhost')
  const server = await dnsServer(() => {})
  for (const name of ['localhost', 'LOCALHOST.', 'db.localhost'])
    expect(ipsOf(await addresses(name, { files, servers: [server] }))).toEqual(['127.0.0.1', '::1'])
  expect(server.queries).toEqual([])
})

it('the hosts file comes before DNS, and a change of it holds for the next question', async () => {
  const server = await dnsServer((query) => query.reply(replyTo(query, { rcode: 3 })))
  const client = createDnsClient({ files, servers: [server] })
  const ask = () =>
    new Promise<unknown>((resolve) => client.addresses('db.internal', (each) => resolve(ipsOf(each))))
  writeFileSync(files.hosts, '10.0.0.1 db.internal')
  expect(await ask()).toEqual(['10.0.0.1'])
  // Of the same size: in the same file, as Docker does it, and by another file, as editors do it.
  writeFileSync(files.hosts, '10.0.0.2 db.internal')
  expect(await ask()).toEqual(['10.0.0.2'])
  writeFileSync(`${files.hosts}.new`, '10.0.0.3 db.internal')
  renameSync(`${files.hosts}.new`, files.hosts)
  expect(await ask()).toEqual(['10.0.0.3'])
  expect(server.queries).toEqual([])
  rmSync(files.hosts)
  expect(await ask()).toEqual(NOT_FOUND)
})

it('a hosts file that is a folder or larger than 4 MiB counts as missing', async () => {
  const server = await dnsServer((query) => query.reply(replyTo(query, { rcode: 3 })))
  const client = createDnsClient({ files, servers: [server] })
  const ask = () => new Promise((resolve) => client.addresses('db.internal', resolve))
  mkdirSync(files.hosts)
  expect(await ask()).toEqual(NOT_FOUND)
  rmSync(files.hosts, { recursive: true })
  writeFileSync(files.hosts, '10.0.0.1 db.internal\n'.padEnd(4 * 1024 * 1024 + 1, '#'))
  expect(await ask()).toEqual(NOT_FOUND)
})

it('a change of resolv.conf holds for the next question', () => {
  const system = new System(files)
  expect(system.resolvConf.servers).toEqual([])
  writeFileSync(files.resolvConf, 'nameserver 10.0.0.1')
  expect(system.resolvConf.servers).toEqual([{ ip: '10.0.0.1', port: 53 }])
  writeFileSync(files.resolvConf, 'nameserver 10.0.0.2')
  expect(system.resolvConf.servers).toEqual([{ ip: '10.0.0.2', port: 53 }])
})

it('without a nameserver in resolv.conf the system finds all names', async () => {
  const { asked, lookup } = lookupOfTest()
  expect(await addresses('other.internal', { files, lookup })).toEqual(OTHER)
  expect(await addresses('none.internal', { files, lookup })).toEqual(NOT_FOUND)
  expect(await addresses('down', { files, lookup })).toEqual({ kind: 'failed', code: 'EAI_AGAIN' })
  writeFileSync(files.resolvConf, 'search internal')
  expect(await addresses('other.internal.', { files, lookup })).toEqual(NOT_FOUND)
  expect(asked).toEqual(['other.internal', 'none.internal', 'down', 'other.internal.'])
})

it('where nsswitch.conf has more than DNS, the system finds names that DNS does not', async () => {
  const { asked, lookup } = lookupOfTest()
  writeFileSync(files.resolvConf, NO_SERVER)
  writeFileSync(files.nameServices, 'hosts: files dns libvirt')
  expect(await addresses('other.internal', { files, lookup })).toEqual(OTHER)
  expect(await addresses('down', { files, lookup })).toEqual({ kind: 'failed', code: 'EAI_AGAIN' })
  const failed = await addresses('none.internal', { files, lookup })
  expect(failed).toMatchObject({ kind: 'failed' })
  writeFileSync(files.nameServices, 'hosts: files dns')
  expect(await addresses('other.internal', { files, lookup })).toEqual(failed)
  expect(asked).toEqual(['other.internal', 'down', 'none.internal'])
})

it('the system is never asked for a name that it would read as an address, and not with servers of your own', async () => {
  const { asked, lookup } = lookupOfTest()
  expect(await addresses('127.1', { files, lookup })).toEqual({ kind: 'failed', code: 'BADNAME' })
  const server = await dnsServer((query) => query.reply(replyTo(query, { rcode: 3 })))
  expect(await addresses('other.internal', { files, lookup, servers: [server] })).toEqual(NOT_FOUND)
  expect(asked).toEqual([])
})

it.each([
  ['ndots:1', 'db', ['db.one.test', 'db.two.test', 'db']],
  ['ndots:1', 'db.x', ['db.x', 'db.x.one.test', 'db.x.two.test']],
  ['ndots:5', 'db.x', ['db.x.one.test', 'db.x.two.test', 'db.x']],
  ['ndots:0', 'db', ['db', 'db.one.test', 'db.two.test']],
  ['ndots:5', 'db.x.', ['db.x']],
])('with %s the name %s is asked for as %j', async (options, name, expected) => {
  writeFileSync(files.resolvConf, `search one.test two.test\noptions ${options}`)
  const server = await dnsServer((query) => query.reply(replyTo(query, { rcode: 3 })))
  expect(await services(name, { files, servers: [server] })).toEqual(NOT_FOUND)
  expect(server.queries.map((query) => query.name)).toEqual(expected)
  await addresses(name, { files, servers: [server] })
  expect(server.queries.filter(({ type }) => type === 'A').map((query) => query.name)).toEqual(expected)
})

it.each([
  ['answers NXDOMAIN', 3, ['10.0.0.1']],
  ['has no such records', 0, ['10.0.0.1']],
  ['answers SERVFAIL', 2, ['10.0.0.1']],
  ['answers REFUSED', 5, { kind: 'failed', code: 'REFUSED' }],
])('a search goes on or ends as in getaddrinfo if a domain %s', async (_, rcode, expected) => {
  writeFileSync(files.resolvConf, 'search one.test two.test')
  const server = await dnsServer((query) =>
    query.reply(
      query.name === 'db.one.test'
        ? replyTo(query, { rcode })
        : replyTo(query, { answers: query.type === 'A' ? [a(query.name, '10.0.0.1')] : [] }),
    ),
  )
  expect(ipsOf(await addresses('db', { files, servers: [server] }))).toEqual(expected)
})

it('a search that finds nothing fails if a domain failed, and says that the name exists if it does in one', async () => {
  writeFileSync(files.resolvConf, 'search one.test two.test')
  const first = { rcode: 2 }
  const server = await dnsServer((query) =>
    query.reply(replyTo(query, { rcode: query.name === 'db.one.test' ? first.rcode : 3 })),
  )
  expect(await addresses('db', { files, servers: [server] })).toEqual({ kind: 'failed', code: 'SERVFAIL' })
  first.rcode = 0
  expect(await addresses('db', { files, servers: [server] })).toMatchObject({ kind: 'empty', code: 'NODATA' })
})

it('few lookups of the system run at a time, and one whose client has gone never begins', async () => {
  writeFileSync(files.resolvConf, NO_SERVER)
  writeFileSync(files.nameServices, 'hosts: nis dns')
  const running: { host: string; end: () => void }[] = []
  const lookup: DnsClientOptions['lookup'] = (host, _, done) => {
    running.push({ host, end: () => done(null, [{ address: '10.0.0.7', family: 4 }]) })
  }
  const client = createDnsClient({ files, lookup })
  const answered: string[] = []
  const asking = ['a', 'b', 'gone', 'c', 'd'].map((name) =>
    client.addresses(`${name}.test`, () => answered.push(name)),
  )
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  const hosts = () => running.map(({ host }) => host)
  await turn()
  expect(hosts()).toEqual(['a.test', 'b.test'])
  // It occupies its thread until it is over, although nobody waits for it.
  asking[0]!.cancel()
  asking[2]!.cancel()
  await turn()
  expect(hosts()).toEqual(['a.test', 'b.test'])
  running[0]!.end()
  await turn()
  expect(hosts()).toEqual(['a.test', 'b.test', 'c.test'])
  running[1]!.end()
  running[2]!.end()
  await turn()
  expect(hosts()).toEqual(['a.test', 'b.test', 'c.test', 'd.test'])
  expect(answered).toEqual(['b', 'c'])
})
