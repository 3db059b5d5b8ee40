/** The DNS client asks Knot DNS and dnsmasq, whose answers change. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Dnsmasq, startDnsmasq } from '../support/dnsmasq.js'
import { temporaryFolder } from '../support/folder.js'
import { Knot } from '../support/knot.js'
import { areMissing, freePort } from '../support/programs.js'
import { addresses, services } from './asking.js'

const folder = temporaryFolder()
let folders = 0
const knotWith = (records: string): Promise<Knot> =>
  Knot.start(join(folder, `knot-${++folders}`), 'test', records)

/** The addresses with their TTLs in seconds, or what was answered instead. */
async function seconds(host: string, ...servers: readonly { ip: string; port: number }[]): Promise<unknown> {
  const answer = await addresses(host, { servers, tries: 1 })
  if (answer.kind !== 'records') return answer
  return Object.fromEntries(answer.records.map(({ ip, ttlMs }) => [ip, ttlMs / 1000]))
}

describe.skipIf(areMissing('knotd', 'knotc'))('Knot DNS', () => {
  it('the client follows the addresses of a name that change, come and go', async () => {
    const knot = await knotWith('db 1 A 192.0.2.1\n')
    expect(await seconds('db.test', knot)).toEqual({ '192.0.2.1': 1 })
    await knot.serve('db 7 A 192.0.2.2\ndb 7 A 192.0.2.3\ndb 9 AAAA 2001:db8::1\n')
    expect(await seconds('db.test', knot)).toEqual({ '192.0.2.2': 7, '192.0.2.3': 7, '2001:db8::1': 9 })
    await knot.serve('db 60 TXT "no address"\n')
    expect(await seconds('db.test', knot)).toEqual({ kind: 'empty', code: 'NODATA', ttlMs: 2000 })
    await knot.serve('')
    expect(await seconds('db.test', knot)).toEqual({ kind: 'empty', code: 'NXDOMAIN', ttlMs: 2000 })
    await knot.serve('db 1 CNAME via\nvia 30 CNAME real\nreal 20 A 192.0.2.9\n')
    expect(await seconds('db.test', knot)).toEqual({ '192.0.2.9': 1 })
  })

  it('the client gets the servers of a service with the addresses of those in the zone', async () => {
    const knot = await knotWith(
      '_pg._tcp 5 SRV 10 60 5432 one\n_pg._tcp 5 SRV 20 0 5433 db.elsewhere.example.\none 9 A 192.0.2.1\none 9 AAAA 2001:db8::1\n',
    )
    const answer = await services('_pg._tcp.test', { servers: [knot] })
    const addressesOfOne = expect.arrayContaining([
      { ip: '192.0.2.1', ttlMs: 9000 },
      { ip: '2001:db8::1', ttlMs: 9000 },
    ])
    expect(answer.kind === 'records' && answer.records.toSorted((x, y) => x.priority - y.priority)).toEqual([
      { target: 'one.test', port: 5432, priority: 10, weight: 60, ttlMs: 5000, addresses: addressesOfOne },
      { target: 'db.elsewhere.example', port: 5433, priority: 20, weight: 0, ttlMs: 5000, addresses: [] },
    ])
    expect(await services('_none._tcp.test', { servers: [knot] })).toEqual({
      kind: 'empty',
      code: 'NXDOMAIN',
      ttlMs: 2000,
    })
  })

  it('the client asks over TCP for 500 addresses, which fit into no datagram', async () => {
    const ips = Array.from({ length: 500 }, (_, i) => `10.0.${i >> 8}.${i & 255}`)
    const knot = await knotWith(ips.map((ip) => `many 5 A ${ip}\n`).join(''))
    const answer = await addresses('many.test', { servers: [knot] })
    expect(answer.kind === 'records' && answer.records.map(({ ip }) => ip).sort()).toEqual(ips.sort())
  })

  it('the client asks the next server if a zone is broken, not served, or if the server has died', async () => {
    const [first, second] = await Promise.all([knotWith(''), knotWith('')])
    const dnsmasq = await startDnsmasq([
      '--host-record=db.broken.test,192.0.2.1',
      '--host-record=db.example,192.0.2.2',
    ])
    expect(await seconds('db.broken.test', first)).toEqual({ kind: 'failed', code: 'SERVFAIL' })
    expect(await seconds('db.broken.test', first, dnsmasq)).toEqual({ '192.0.2.1': 0 })
    expect(await seconds('db.example', first)).toEqual({ kind: 'failed', code: 'REFUSED' })
    expect(await seconds('db.example', first, dnsmasq)).toEqual({ '192.0.2.2': 0 })
    await second.program.kill()
    expect(await seconds('db.example', second)).toMatchObject({ kind: 'failed' })
    expect(await seconds('db.example', second, dnsmasq)).toEqual({ '192.0.2.2': 0 })
  })
})

describe.skipIf(areMissing('dnsmasq'))('dnsmasq', () => {
  it('the client follows a hosts file that dnsmasq serves', async () => {
    const hosts = join(folder, 'hosts')
    writeFileSync(hosts, '192.0.2.1 db.test\n')
    const dnsmasq = await startDnsmasq([`--addn-hosts=${hosts}`, '--local-ttl=3', '--local=/test/'])
    expect(await seconds('db.test', dnsmasq)).toEqual({ '192.0.2.1': 3 })
    writeFileSync(hosts, '192.0.2.2 db.test\n2001:db8::2 db.test\n')
    await reread(dnsmasq)
    expect(await seconds('db.test', dnsmasq)).toEqual({ '192.0.2.2': 3, '2001:db8::2': 3 })
    writeFileSync(hosts, '192.0.2.2 other.test\n')
    await reread(dnsmasq)
    expect(await seconds('db.test', dnsmasq)).toMatchObject({ kind: 'empty', code: 'NXDOMAIN' })
  })

  it('the client gets CNAMEs and services of dnsmasq', async () => {
    const dnsmasq = await startDnsmasq([
      '--host-record=one.test,192.0.2.1,2001:db8::1,7',
      '--cname=db.test,one.test,4',
      '--srv-host=_pg._tcp.test,one.test,5432,1,5',
    ])
    expect(await seconds('db.test', dnsmasq)).toEqual({ '192.0.2.1': 4, '2001:db8::1': 4 })
    expect(await services('_pg._tcp.test', { servers: [dnsmasq] })).toMatchObject({
      records: [{ target: 'one.test', port: 5432, priority: 1, weight: 5 }],
    })
  })

  it('the client fails if the server that dnsmasq asks is dead', async () => {
    const dnsmasq = await startDnsmasq([`--server=127.0.0.1#${await freePort()}`])
    const answer = await addresses('db.test', { servers: [dnsmasq], tries: 1, timeoutMs: 200 })
    expect(answer).toMatchObject({ kind: 'failed' })
  })
})

/** Has dnsmasq read its files again. Resolves when it has read them. */
async function reread({ program }: Dnsmasq): Promise<void> {
  const reads = (): number => program.stderr.split(/read .*hosts - /).length
  const before = reads()
  program.child.kill('SIGHUP')
  await program.seen(() => reads() > before)
}
