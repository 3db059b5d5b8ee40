/** Drains of a listener, a cluster, a backend or everything: which connections end when, and what is counted. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { collected } from '../support/garbage.js'
import type { Peer } from '../support/peer.js'
import { settled, until } from '../support/wait.js'
import { Bed } from './bed.js'
import { hastened } from './time.js'

export function describeDrains(): void {
  let first: Backend
  let second: Backend
  let bed: Bed

  beforeEach(async () => {
    first = await Backend.listen()
    second = await Backend.listen()
    bed = await Bed.start({
      listeners: [
        { name: 'one', address: '127.0.0.1:0', cluster: 'a' },
        { name: 'two', address: '127.0.0.1:0', cluster: 'a' },
      ],
      clusters: { a: { backends: [first.address, second.address] } },
    })
  })
  afterEach(async () => {
    await bed.end()
    await Promise.all([first.close(), second.close()])
  })

  /** Two connections: by the first listener to the first backend, and by the second to the second. */
  async function joinAll(): Promise<{ client: Peer; peer: Peer }[]> {
    const all: { client: Peer; peer: Peer }[] = []
    for (const [listener, backend] of [
      [0, first],
      [1, second],
    ] as const) {
      const client = await bed.connect(listener)
      const peer = await backend.accepted()
      client.send(pattern(1, 10))
      await peer.receive(10)
      all.push({ client, peer })
    }
    return all
  }

  it.each([
    ['a listener', { listener: 'one' }],
    ['a backend', { cluster: 'a', backend: 'first' }],
  ])(
    'a drain of %s ends its connections by the deadline, with FIN if nothing is in flight',
    async (_, order) => {
      const [mine, others] = await joinAll()
      const named = 'backend' in order ? { ...order, backend: first.address } : order
      const result = await bed.proxy.drain({ ...named, deadlineMs: 30 })
      expect(result).toEqual({ finished: 0, closed: 1, cut: 0 })
      expect(await mine!.client.ended).toBe('fin')
      expect(await bed.recorded(1)).toMatchObject([
        { ended: { by: 'proxy', cause: 'drained' }, termination: 'KD' },
      ])
      others!.client.send(pattern(2, 10))
      await others!.peer.receive(20)
      expect(bed.proxy.status()).toMatchObject({ state: 'running', connections: { active: 1 } })
    },
  )

  it('a drained listener accepts no more clients', async () => {
    const [mine] = await joinAll()
    const drained = bed.proxy.drain({ listener: 'one', deadlineMs: 60_000 })
    await expect(bed.connect(0)).rejects.toThrow('ECONNREFUSED')
    mine!.client.end()
    mine!.peer.end()
    expect(await drained).toEqual({ finished: 1, closed: 0, cut: 0 })
  })

  it('a drained backend gets no new connections until it is set up', async () => {
    await bed.proxy.drain({ cluster: 'a', backend: first.address, deadlineMs: 10 })
    for (let i = 0; i < 4; i++) {
      await bed.connect()
      await second.accepted()
    }
    expect(first.peers).toHaveLength(0)
    expect(bed.proxy.status().clusters[0]!.backends[0]).toMatchObject({ setTo: 'drain', active: 0 })
    await bed.control.changeBackend('a', first.address, { state: 'up' })
    await bed.connect()
    await bed.connect()
    await first.accepted()
  })

  it('a drained cluster resets new clients, and their records say why', async () => {
    await bed.proxy.drain({ cluster: 'a', deadlineMs: 10 })
    expect(await bed.turnedAway()).toBe('ECONNRESET')
    expect(await bed.recorded(1)).toMatchObject([
      { ended: { by: 'backend', phase: 'connect', cause: 'no-backend', errno: 'EHOSTDOWN' } },
    ])
  })

  it('a drain with a spread ends connections one after another before the deadline', async () => {
    await joinAll()
    const drained = bed.proxy.drain({ deadlineMs: 60_000, spreadMs: 60_000 })
    expect(bed.proxy.status().state).toBe('draining')
    // The first connection is ended at once, the second after half a minute.
    await bed.recorded(1)
    const rest = bed.proxy.drain({ deadlineMs: 20 })
    expect(await drained).toEqual({ finished: 1, closed: 1, cut: 0 })
    expect(await rest).toEqual({ finished: 0, closed: 1, cut: 0 })
  })

  it.each([
    ['everything', {}],
    ['a listener', { listener: 'one' }],
    ['a cluster', { cluster: 'a' }],
  ])('a drain of %s keeps no connection in memory that has ended', async (_, order) => {
    const ends = await bed.connect(0)
    const peer = await first.accepted()
    const stays = await bed.connect(0)
    stays.send(pattern(1, 10))
    await (await second.accepted()).receive(10)
    const known = bed.proxy.connections().map((connection) => new WeakRef(connection))
    const drained = bed.proxy.drain({ ...order, deadlineMs: 60_000 })
    ends.end()
    peer.end()
    await bed.recorded(1)
    await collected(known[0]!)
    expect(known[1]!.deref()).toBeDefined()
    stays.socket.resetAndDestroy()
    expect(await hastened(bed, drained)).toEqual({ finished: 2, closed: 0, cut: 0 })
  })

  it('a drain with a spread resets a connection with bytes in flight only at the deadline', async () => {
    const [mine] = await joinAll()
    mine!.peer.pause()
    mine!.client.sendForEver(pattern(3, 65_536))
    await until(() => bed.proxy.status().connections.bytesUp > 100_000)
    await settled(() => bed.proxy.status().connections.bytesUp)
    const drained = bed.proxy.drain({ listener: 'one', deadlineMs: 400, spreadMs: 400 })
    expect(await drained).toEqual({ finished: 0, closed: 0, cut: 1 })
    expect(await mine!.client.ended).toMatch(/ECONNRESET|EPIPE/)
  })

  it.each<[string, object, unknown]>([
    ['a drain ends quiet connections with FIN before the deadline', {}, 'fin'],
    ['a drain with spreadMs: 0 ends no connection before the deadline', { spreadMs: 0 }, 'drained'],
  ])('%s', async (_, times, first) => {
    const [mine, others] = await joinAll()
    others!.peer.pause()
    others!.client.sendForEver(pattern(3, 65_536))
    await until(() => bed.proxy.status().connections.bytesUp > 100_000)
    await settled(() => bed.proxy.status().connections.bytesUp)
    const drained = bed.proxy.drain({ deadlineMs: 500, ...times })
    expect(await Promise.race([mine!.client.ended, drained.then(() => 'drained')])).toBe(first)
    expect(await drained).toEqual({ finished: 0, closed: 1, cut: 1 })
    expect(await mine!.client.ended).toBe('fin')
  })

  it('a drain order without a deadline is answered at once, and connections that are left go on', async () => {
    const [mine, others] = await joinAll()
    expect(await bed.control.drain({ cluster: 'a' })).toEqual({ finished: 0, closed: 0, cut: 0, left: 2 })
    const { drains, clusters } = bed.proxy.status()
    expect(drains).toEqual([{ scope: { cluster: 'a' }, left: 2, deadlineAt: undefined }])
    expect(clusters[0]!.backends).toMatchObject([{ setTo: 'drain' }, { setTo: 'drain' }])
    expect(await bed.turnedAway()).toBe('ECONNRESET')
    await exchange(mine!)
    await exchange(others!)
    await bed.control.changeBackend('a', first.address, { state: 'up' })
    await bed.control.changeBackend('a', second.address, { state: 'up' })
    expect(bed.proxy.status().drains).toEqual([])
  })

  it('a drain of everything without a deadline ends the proxy with its last connection', async () => {
    const [mine, others] = await joinAll()
    expect(await bed.control.drain({})).toMatchObject({ left: 2 })
    expect(bed.proxy.status().state).toBe('draining')
    await expect(bed.connect(0)).rejects.toThrow('ECONNREFUSED')
    await exchange(mine!)
    for (const { client, peer } of [mine!, others!]) {
      client.end()
      peer.end()
    }
    await until(() => bed.proxy.status().state === 'stopped')
    expect(await bed.recorded(2)).toMatchObject([
      { ended: { cause: 'finished' } },
      { ended: { cause: 'finished' } },
    ])
  })

  it('a backend that is set maint drains within drainMs, and a drain of its cluster leaves it maint', async () => {
    await bed.reload({ timeouts: { drainMs: 30 } })
    const [mine, others] = await joinAll()
    await bed.control.changeBackend('a', first.address, { state: 'maint' })
    expect(await mine!.client.ended).toBe('fin')
    expect(await bed.recorded(1)).toMatchObject([{ ended: { by: 'proxy', cause: 'drained' } }])
    await exchange(others!)
    await bed.control.drain({ cluster: 'a' })
    expect(bed.proxy.status().clusters[0]!.backends).toMatchObject([{ setTo: 'maint' }, { setTo: 'drain' }])
  })

  it.each(['up', 'drain'] as const)(
    'a drain of a backend is cancelled when the backend is set %s',
    async (state) => {
      const [mine] = await joinAll()
      const drained = bed.proxy.drain({ cluster: 'a', backend: first.address, deadlineMs: 300 })
      expect(bed.proxy.status().drains).toEqual([
        {
          scope: { cluster: 'a', backend: first.address },
          left: 1,
          deadlineAt: expect.stringMatching(/^20.*Z$/),
        },
      ])
      await bed.control.changeBackend('a', first.address, { state })
      expect(await drained).toEqual({ finished: 0, closed: 0, cut: 0, cancelled: true })
      expect(bed.proxy.status().drains).toEqual([])
      await goesOn(mine!)
    },
  )

  it('a drain of a cluster is cancelled for a backend that is set up, and goes on for the others', async () => {
    const [mine, others] = await joinAll()
    const drained = bed.proxy.drain({ cluster: 'a', deadlineMs: 60_000 })
    await bed.control.changeBackend('a', first.address, { state: 'up' })
    expect(bed.proxy.status().drains).toMatchObject([{ scope: { cluster: 'a' }, left: 1 }])
    others!.client.end()
    others!.peer.end()
    expect(await drained).toEqual({ finished: 1, closed: 0, cut: 0, cancelled: true })
    await goesOn(mine!)
  })

  it('an operator who opens a listener again calls off its drain', async () => {
    const [mine] = await joinAll()
    const drained = bed.proxy.drain({ listener: 'one', deadlineMs: 300 })
    expect(await bed.control.changeListener('one', { state: 'up' })).toMatchObject({
      name: 'one',
      isListening: true,
    })
    expect(await drained).toEqual({ finished: 0, closed: 0, cut: 0, cancelled: true })
    await bed.connect(0)
    await goesOn(mine!)
  })

  it('a reload calls off the drain of a removed listener that the config has again', async () => {
    const [mine] = await joinAll()
    await bed.reload({ listeners: [{ name: 'two', address: '127.0.0.1:0', cluster: 'a' }] })
    expect(bed.proxy.status().drains).toMatchObject([{ scope: { listener: 'one' }, left: 1 }])
    await bed.reload({})
    expect(bed.proxy.status().drains).toEqual([])
    await goesOn(mine!)
  })

  it('a backend that is set up does not call off the drain of a listener', async () => {
    const [mine] = await joinAll()
    const drained = bed.proxy.drain({ listener: 'one', deadlineMs: 20 })
    await bed.control.changeBackend('a', first.address, { state: 'up' })
    expect(await drained).toEqual({ finished: 0, closed: 1, cut: 0 })
    expect(await mine!.client.ended).toBe('fin')
  })

  async function exchange({ client, peer }: { client: Peer; peer: Peer }): Promise<void> {
    client.send(pattern(4, 10))
    await peer.receive(20)
  }

  /**
   * Checks that a connection goes on after the deadline of the drain that was cancelled. A later drain with the same
   * deadline is over only after that.
   */
  async function goesOn(joined: { client: Peer; peer: Peer }): Promise<void> {
    await bed.proxy.drain({ cluster: 'a', backend: second.address, deadlineMs: 300 })
    await exchange(joined)
  }

  it.each([
    [{ deadlineMs: 30 * 86_400_000 }, 'bad-argument', /24 days/],
    [{ deadlineMs: Number.POSITIVE_INFINITY }, 'bad-argument', /deadlineMs/],
    [{ listener: 'three' }, 'unknown-name', /^there is no listener "three"$/],
    [{ cluster: 'b' }, 'unknown-name', /^there is no cluster "b"; did you mean "a"\?$/],
    [
      { cluster: 'a', backend: '127.0.0.1:1' },
      'unknown-name',
      /^there is no backend "127.0.0.1:1" in cluster "a"/,
    ],
    [{ backend: '127.0.0.1:1' }, 'bad-argument', /needs its cluster/],
    [{ listener: 'one', cluster: 'a' }, 'bad-argument', /a listener or a cluster, not both/],
    [{ deadlineMs: -1 }, 'bad-argument', /deadlineMs/],
    [{ deadlineMs: 10, spreadMs: 20 }, 'bad-argument', /longer than the deadline/],
  ])('a drain of %j is refused with %s', async (order, code, message) => {
    const refused = bed.proxy.drain(order)
    await expect(refused).rejects.toMatchObject({ code })
    await expect(refused).rejects.toThrow(message)
    expect(bed.proxy.status().state).toBe('running')
  })
}
