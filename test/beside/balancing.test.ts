/** Shares of connections beside HAProxy: the same rule, weights and backends, and the same clients. */
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { areMissing } from '../support/programs.js'
import { type Both, both, type Play, type Story } from './both.js'
import { ask, askAtOnce, askInTurn, type Client, hold, sharesOf } from './clients.js'
import { type Proxy, untilOpen } from './rig.js'

const WEIGHTS = { a: 1, b: 2, c: 3 }
const ALIKE = { a: 1, b: 1, c: 1 }
const namesOf = (clients: readonly Client[]) => clients.map(({ name }) => name)
const leave = (clients: readonly Client[]): void => {
  for (const { socket } of clients) socket.destroy()
}

/** The backend of each of these client addresses. */
async function keysOf(proxy: Proxy, count: number): Promise<(string | undefined)[]> {
  const names: (string | undefined)[] = []
  for (let key = 0; key < count; key++) {
    const { name, socket } = await ask(proxy.port, `127.1.${key >> 8}.${key & 255}`)
    socket.destroy()
    names.push(name)
  }
  return names
}

/** Between which backends keys have moved. */
const movesOf = (before: readonly (string | undefined)[], after: readonly (string | undefined)[]) =>
  sharesOf(before.map((from, key) => (from === after[key] ? 'stay' : `${from} to ${after[key]}`)))

describe.skipIf(areMissing('haproxy'))('balancing beside HAProxy', () => {
  const folder = temporaryFolder()
  const compare = async <Result>(title: string, story: Story, play: Play<Result>): Promise<Both<Result>> =>
    await both(folder, title, story, play)
  const roundRobin = { lines: ['balance roundrobin'], cluster: { balance: 'round-robin' } } as const
  const leastConnections = {
    lines: ['balance leastconn'],
    cluster: { balance: 'least-connections' },
  } as const
  const source = {
    lines: ['balance source', 'hash-type consistent'],
    cluster: { balance: 'hash', hash: { key: 'source' } },
  } as const

  it('round robin gives each backend exactly its weight, in both proxies', async () => {
    const shares = await compare(
      'round-robin, weights 1, 2, 3: 600 connections',
      { ...roundRobin, weights: WEIGHTS },
      async ({ port }) => sharesOf(await askInTurn(port, 600)),
    )
    expect(shares.haproxy).toEqual({ a: 100, b: 200, c: 300 })
    expect(shares.millrace).toEqual(shares.haproxy)
  })

  it('least connections fills backends by weight in both proxies, and a backend that lost all gets the next ones', async () => {
    const shares = await compare(
      'least-connections, weights 1, 2, 3: 300 that stay; then c loses its own, and 50 more come',
      { ...leastConnections, weights: WEIGHTS },
      async (proxy) => {
        const clients = await hold(proxy.port, 300)
        leave(clients.filter(({ name }) => name === 'c'))
        await untilOpen(proxy, 'c', 0)
        const next = await hold(proxy.port, 50)
        leave([...clients, ...next])
        return { filled: sharesOf(namesOf(clients)), next: sharesOf(namesOf(next)) }
      },
    )
    for (const { filled, next } of [shares.haproxy, shares.millrace]) {
      expect(Math.abs(filled.a! - 50)).toBeLessThanOrEqual(2)
      expect(Math.abs(filled.c! - 150)).toBeLessThanOrEqual(2)
      expect(next).toEqual({ c: 50 })
    }
  })

  it('random gives shares by weight, in millrace as exactly as chance allows', async () => {
    const count = 1200
    const shares = await compare(
      `random, weights 1, 2, 3: ${count} connections`,
      { lines: ['balance random(1)'], cluster: { balance: 'random' }, weights: WEIGHTS },
      async ({ port }) => sharesOf(await askAtOnce(port, count)),
    )
    const fiveSigma = 5 * Math.sqrt(count * (1 / 6) * (5 / 6))
    expect(Math.abs(shares.millrace.a! - count / 6)).toBeLessThan(fiveSigma)
    // HAProxy draws a place on its ring, and the arcs of the ring are not equal.
    expect(shares.haproxy.a).toBeLessThan(shares.haproxy.c!)
  })

  it('two random choices keep connections near to the weights in both proxies', async () => {
    const shares = await compare(
      'p2c, weights 1, 2, 3: 300 that stay',
      { lines: ['balance random(2)'], cluster: { balance: 'p2c' }, weights: WEIGHTS },
      async ({ port }) => {
        const clients = await hold(port, 300)
        leave(clients)
        return sharesOf(namesOf(clients))
      },
    )
    expect(Math.abs(shares.millrace.a! - 50)).toBeLessThan(10)
    expect(Math.abs(shares.millrace.c! - 150)).toBeLessThan(15)
    expect(Math.abs(shares.haproxy.c! - 150)).toBeLessThan(30)
  })

  it('first sends all to the first backend, to the second while the first is out of service, and then back', async () => {
    const shares = await compare(
      'first: 60 connections; then a is in maint; then it is back',
      { lines: ['balance first'], cluster: { balance: 'first' }, weights: ALIKE },
      async (proxy) => {
        const before = sharesOf(await askInTurn(proxy.port, 60))
        await proxy.setState('a', 'maint')
        const without = sharesOf(await askInTurn(proxy.port, 60))
        await proxy.setState('a', 'up')
        return { before, without, after: sharesOf(await askInTurn(proxy.port, 60)) }
      },
    )
    expect(shares.haproxy).toEqual({ before: { a: 60 }, without: { b: 60 }, after: { a: 60 } })
    expect(shares.millrace).toEqual(shares.haproxy)
  })

  it('a consistent hash moves only the keys of the backend that goes, and returns them, in both proxies', async () => {
    const moves = await compare(
      'hash by source: 200 keys; b goes; b comes back',
      { ...source, weights: ALIKE },
      async (proxy) => {
        const before = await keysOf(proxy, 200)
        await proxy.setState('b', 'maint')
        const without = await keysOf(proxy, 200)
        await proxy.setState('b', 'up')
        const after = await keysOf(proxy, 200)
        return { before: sharesOf(before), gone: movesOf(before, without), back: movesOf(before, after) }
      },
    )
    for (const { before, gone, back } of [moves.haproxy, moves.millrace]) {
      expect(Object.keys(gone).filter((move) => move !== 'stay')).toEqual(['b to a', 'b to c'])
      expect(gone.stay).toBe(200 - before.b!)
      expect(back).toEqual({ stay: 200 })
    }
    expect(Math.min(...Object.values(moves.millrace.before))).toBeGreaterThan(35)
  })

  it('a consistent hash moves keys only to a backend that is added, in both proxies', async () => {
    const moves = await compare(
      'hash by source: 200 keys; d is added to three',
      { ...source, weights: { ...ALIKE, d: 1 } },
      async (proxy) => {
        await proxy.setState('d', 'maint')
        const before = await keysOf(proxy, 200)
        await proxy.setState('d', 'up')
        return movesOf(before, await keysOf(proxy, 200))
      },
    )
    for (const each of [moves.haproxy, moves.millrace])
      expect(Object.keys(each).sort()).toEqual(['a to d', 'b to d', 'c to d', 'stay'])
    expect(200 - moves.millrace.stay!).toBeLessThan(85)
  })

  it('a backend with weight 0 gets no new connection and keeps those that it has, in both proxies', async () => {
    const results = await compare(
      'weight 0 for a: of 30 that stay, and of 30 more',
      { ...roundRobin, weights: ALIKE },
      async (proxy) => {
        const clients = await hold(proxy.port, 30)
        await proxy.setWeight('a', 0)
        const next = sharesOf(await askInTurn(proxy.port, 30))
        const open = clients.filter(({ socket }) => !socket.destroyed)
        const kept = sharesOf(namesOf(open))
        leave(clients)
        return { kept, next }
      },
    )
    expect(results.haproxy).toEqual({ kept: { a: 10, b: 10, c: 10 }, next: { b: 15, c: 15 } })
    expect(results.millrace).toEqual(results.haproxy)
  })

  it('backups get connections only while no other backend is in service, in both proxies', async () => {
    const weights = { a: 1, b: 1, 'c-backup': 1, 'd-backup': 1 }
    const shares = await compare(
      'two backups: 60 connections; without a; without a and b; with a again',
      { lines: ['balance roundrobin', 'option allbackups'], cluster: roundRobin.cluster, weights },
      async (proxy) => {
        const all = sharesOf(await askInTurn(proxy.port, 60))
        await proxy.setState('a', 'maint')
        const withoutOne = sharesOf(await askInTurn(proxy.port, 60))
        await proxy.setState('b', 'maint')
        const withoutBoth = sharesOf(await askInTurn(proxy.port, 60))
        await proxy.setState('a', 'up')
        return { all, withoutOne, withoutBoth, back: sharesOf(await askInTurn(proxy.port, 60)) }
      },
    )
    expect(shares.haproxy).toEqual({
      all: { a: 30, b: 30 },
      withoutOne: { b: 60 },
      withoutBoth: { 'c-backup': 30, 'd-backup': 30 },
      back: { a: 60 },
    })
    expect(shares.millrace).toEqual(shares.haproxy)
  })

  it('a backend that comes back starts with a small part of its share in both proxies', async () => {
    const shares = await compare(
      'slow start of an hour: 300 connections right after a is back',
      {
        lines: ['balance roundrobin'],
        serverOptions: 'slowstart 1h',
        cluster: { balance: 'round-robin', slowStartMs: '1h' },
        weights: ALIKE,
      },
      async (proxy) => {
        const atStart = sharesOf(await askInTurn(proxy.port, 60))
        await proxy.setState('a', 'maint')
        await proxy.setState('a', 'up')
        return { atStart, back: sharesOf(await askInTurn(proxy.port, 300)) }
      },
    )
    for (const { atStart, back } of [shares.haproxy, shares.millrace]) {
      expect(atStart).toEqual({ a: 20, b: 20, c: 20 })
      expect(back.a).toBeGreaterThan(0)
      expect(back.a).toBeLessThan(25)
    }
  })
})
