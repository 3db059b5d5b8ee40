/** Clients that are turned away for a while: by an operator, and by a limit that they pass too often. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BanOrder } from '../../src/control/orders.js'
import { Backend } from '../support/backend.js'
import { advanceClock } from '../support/clock.js'
import type { Peer } from '../support/peer.js'
import { Bed, type BedConfig } from './bed.js'

const HOUR_MS = 3_600_000
const DENIED = { phase: 'opening', cause: 'denied: banned' }

export function describeBans(): void {
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = (await Backend.listen()).echo()
  })
  afterEach(async () => {
    await bed.end()
    await backend.close()
  })

  async function start(listener: object = {}, more: BedConfig = {}): Promise<void> {
    bed = await Bed.start({
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back', ...listener }],
      backends: [backend],
      ...more,
    })
  }

  /** Connects, says who it is, and waits for the echo. */
  async function join(source?: string): Promise<Peer> {
    const client = await bed.connect()
    if (source !== undefined) client.send(Buffer.from(headerOf(source)))
    client.send(Buffer.from('hello'))
    await client.receive(5)
    return client
  }

  /** Connects and says who it is; returns how it ends. */
  async function refused(source: string): Promise<string> {
    const client = await bed.connect()
    client.send(Buffer.from(headerOf(source)))
    return await client.ended
  }

  const headerOf = (source: string): string =>
    source.includes(':')
      ? `PROXY TCP6 ${source} 2001:db8:f::1 5000 443\r\n`
      : `PROXY TCP4 ${source} 198.51.100.9 5000 443\r\n`
  const lastCause = async (records: number) => (await bed.recorded(records)).at(-1)!.ended
  const ban = (client: string, more: Partial<BanOrder> = {}) =>
    bed.control.ban({ client, forMs: HOUR_MS, ...more })

  describe('the ban of an operator', () => {
    it('resets new clients before a byte is read, and lets established connections go on', async () => {
      await start()
      const early = await join()
      expect(await ban('127.0.0.1', { why: 'scans us' })).toMatchObject({
        network: '127.0.0.1',
        trustedBy: [],
      })
      expect(await bed.turnedAway()).toBe('ECONNRESET')
      expect(await lastCause(1)).toMatchObject(DENIED)
      early.send(Buffer.from('still here'))
      await early.receive(15)
      expect(await bed.control.bans({})).toEqual({
        matched: 1,
        bans: [
          {
            network: '127.0.0.1',
            listener: undefined,
            by: 'operator',
            why: 'scans us',
            until: expect.stringMatching(/Z$/),
            leftMs: expect.any(Number),
            refused: 1,
          },
        ],
      })
      expect(bed.proxy.status()).toMatchObject({
        bans: { active: 1, ordered: 1, found: 0 },
        topBans: [{ clients: { network: '127.0.0.1' }, by: 'operator', refused: 1 }],
      })
      early.end()
      await early.closed
    })

    it('ends by itself, whatever the clock of the machine says, and then its clients come in again', async () => {
      await start()
      await ban('127.0.0.0/8')
      advanceClock(HOUR_MS - 1000)
      expect(await bed.turnedAway()).toBe('ECONNRESET')
      advanceClock(1000)
      await join()
      expect(await bed.control.bans({})).toEqual({ matched: 0, bans: [] })
      expect(await bed.told(/^the ban of/)).toMatchObject({
        message: 'the ban of 127.0.0.0/8 is over',
        refused: 1,
      })
    })

    it('with `end` resets the open connections of its clients, and of nobody else', async () => {
      await start({ acceptProxy: { from: '127.0.0.0/8' } })
      const [one, other] = [await join('192.0.2.1'), await join('192.0.2.2')]
      expect(await ban('192.0.2.1', { end: true })).toMatchObject({ killed: 1 })
      expect(await one.reallyEnded()).toBe('ECONNRESET')
      expect(await lastCause(1)).toMatchObject({ cause: 'killed' })
      other.send(Buffer.from('still here'))
      await other.receive(15)
    })

    it('of a trusted proxy turns away the clients of this address that it names, and not the proxy', async () => {
      await start({ acceptProxy: { from: '127.0.0.0/8' } })
      expect(await ban('127.0.0.1')).toMatchObject({ trustedBy: ['front'] })
      await join('192.0.2.1')
      expect(await refused('127.0.0.1')).toBe('ECONNRESET')
      expect((await ban('192.0.2.0/24')).trustedBy).toEqual([])
      expect(await refused('192.0.2.1')).toBe('ECONNRESET')
      expect(await lastCause(2)).toMatchObject(DENIED)
    })

    it('of an IPv6 address is for its /64, unless the config or the order says something else', async () => {
      await start({ acceptProxy: { from: '127.0.0.0/8' } })
      expect((await ban('2001:db8::1')).network).toBe('2001:db8::/64')
      expect(await refused('2001:db8::ffff')).toBe('ECONNRESET')
      await join('2001:db8:0:1::1')
      await bed.control.unban({})
      expect((await ban('2001:db8::1/128')).network).toBe('2001:db8::1')
      await join('2001:db8::ffff')
      expect(await bed.control.unban({ client: '2001:db8::1' })).toEqual({ unbanned: 1 })
      await bed.reload({ limits: { perSource: { prefix4: 24, prefix6: 48, maxConnections: 100 } } })
      expect((await ban('2001:db8::1')).network).toBe('2001:db8::/48')
      expect((await ban('192.0.2.1')).network).toBe('192.0.2.0/24')
    })

    it('holds after a reload, and after a dry run has begun', async () => {
      await start()
      await ban('127.0.0.1')
      await bed.reload({ limits: { dryRun: true } })
      expect(await bed.turnedAway()).toBe('ECONNRESET')
    })

    it('ends with `unban` of the address, of its network, or of all', async () => {
      await start()
      await ban('127.0.0.1')
      expect(await bed.control.unban({ client: '127.0.0.1' })).toEqual({ unbanned: 1 })
      await ban('127.0.0.0/8')
      await expect(bed.control.unban({ client: '127.0.0.1' })).rejects.toMatchObject({
        code: 'unknown-name',
        message: 'there is no ban of "127.0.0.1". Its network 127.0.0.0/8 has one',
      })
      expect(await bed.control.unban({ client: '127.0.0.0/8' })).toEqual({ unbanned: 1 })
      await expect(bed.control.unban({ client: '127.0.0.1' })).rejects.toThrow(
        'there is no ban of "127.0.0.1"',
      )
      await ban('127.0.0.1')
      await ban('192.0.2.1')
      expect(await bed.control.unban({})).toEqual({ unbanned: 2 })
      await join()
    })

    it.each([
      [{ client: '0.0.0.0/0' }, 'wider than /8'],
      [{ client: '128.0.0.0/7' }, 'wider than /8'],
      [{ client: '2000::/15' }, 'wider than /8'],
      [{ client: '::ffff:0:0/96' }, 'wider than /8'],
      [{ client: 'example.com' }, 'expected an address or a network'],
      [{ client: 'unix' }, 'no IP address'],
      [{ client: '192.0.2.1', forMs: 0 }, 'expected whole ms from 1'],
      [{ client: '192.0.2.1', forMs: Number.NaN }, 'expected whole ms from 1'],
      [{ client: '192.0.2.1', forMs: 1e12 }, 'expected whole ms from 1'],
      [{ client: '192.0.2.1', why: 'x'.repeat(201) }, 'at most 200 characters'],
    ])('is refused if the order is %j', async (order, problem) => {
      await start()
      await expect(ban(order.client, order)).rejects.toMatchObject({
        code: 'bad-argument',
        message: expect.stringContaining(problem),
      })
      await join()
    })

    it('of everybody needs `all`', async () => {
      await start()
      expect(await ban('0.0.0.0/0', { all: true })).toMatchObject({ network: '0.0.0.0/0' })
      expect(await bed.turnedAway()).toBe('ECONNRESET')
    })
  })

  describe('the ban by a limit', () => {
    const POLICY = { after: 3, withinMs: '60s', forMs: '10m' }
    const REJECTED = '192.0.2.1'
    const routes = [{ source: [REJECTED, '127.0.0.1'], reject: true as const }]
    const trusting = { acceptProxy: { from: '127.0.0.0/8' }, routes }

    /** Comes until the source is banned. */
    async function provoke(): Promise<void> {
      for (let i = 0; i < POLICY.after; i++) await refused(REJECTED)
    }

    it('comes after so many refusals within the time, for the source that was refused', async () => {
      await start({ ...trusting, limits: { ban: POLICY } })
      await provoke()
      expect(await lastCause(3)).toMatchObject({ cause: 'rejected' })
      await refused(REJECTED)
      expect(await lastCause(4)).toMatchObject(DENIED)
      await join('192.0.2.2')
      expect(await bed.control.bans({})).toMatchObject({
        bans: [{ network: REJECTED, listener: 'front', by: 'limit', why: '3 refusals within 1m 0s' }],
      })
      expect(bed.proxy.status().bans).toEqual({ active: 1, ordered: 0, found: 1 })
      advanceClock(600_000)
      await refused(REJECTED)
      expect(await lastCause(5)).toMatchObject({ cause: 'rejected' })
    })

    it('comes for a source that wants more connections than it may have', async () => {
      const limits = { perSource: { maxConnections: 1 }, ban: POLICY }
      await start({ acceptProxy: trusting.acceptProxy, limits })
      await join(REJECTED)
      await provoke()
      await refused(REJECTED)
      const causes = (await bed.recorded(4)).map(({ ended }) => ended.cause)
      expect(causes).toEqual([...Array(3).fill('source-limit: connections (listener)'), DENIED.cause])
    })

    it('does not come if the refusals are further apart', async () => {
      await start({ ...trusting, limits: { ban: POLICY } })
      for (let i = 0; i < 5; i++) {
        await refused(REJECTED)
        advanceClock(30_000)
      }
      expect(await bed.control.bans({})).toMatchObject({ matched: 0 })
    })

    it('of the whole proxy holds at all listeners, and that of a listener only there', async () => {
      const other = { name: 'other', address: '127.0.0.1:0', cluster: 'back' }
      const front = { ...other, name: 'front', routes }
      await start({}, { listeners: [front, other], limits: { ban: POLICY } })
      for (let i = 0; i < POLICY.after; i++) await bed.turnedAway(0)
      expect(await bed.turnedAway(1)).toBe('ECONNRESET')
      expect(await lastCause(4)).toMatchObject(DENIED)
      expect(await bed.control.unban({ client: '127.0.0.1' })).toEqual({ unbanned: 1 })
      await bed.reload({ listeners: [{ ...front, limits: { ban: POLICY } }, other], limits: undefined })
      for (let i = 0; i < POLICY.after; i++) await bed.turnedAway(0)
      expect(bed.proxy.status().bans.active).toBe(1)
      const elsewhere = await bed.connect(1)
      elsewhere.send(Buffer.from('hello'))
      await elsewhere.receive(5)
      await bed.reload({ listeners: [other], limits: undefined })
      expect(bed.proxy.status().bans.active).toBe(0)
    })

    it('turns nobody away in a dry run', async () => {
      await start({ ...trusting, limits: { ban: POLICY, dryRun: true } })
      for (let i = 0; i <= POLICY.after; i++) await refused(REJECTED)
      expect(await lastCause(4)).toMatchObject({ cause: 'rejected' })
    })

    it('is not made longer by clients that come while it holds', async () => {
      await start({ ...trusting, limits: { ban: POLICY } })
      await provoke()
      for (let i = 0; i < 10; i++) await refused(REJECTED)
      expect(await bed.control.bans({ client: REJECTED })).toMatchObject({ bans: [{ refused: 10 }] })
      advanceClock(600_000)
      expect(await bed.control.bans({})).toMatchObject({ matched: 0 })
    })

    it('never comes for a trusted proxy itself', async () => {
      await start({ ...trusting, limits: { ban: POLICY } })
      for (let i = 0; i < 5; i++) await refused('127.0.0.1')
      expect(await lastCause(5)).toMatchObject({ cause: 'rejected' })
      expect(await bed.control.bans({})).toMatchObject({ matched: 0 })
    })
  })
}
