/** What clients get when backends fail, go down, flap and come back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HealthInput } from '../../src/config/health-input.js'
import { verdictOf } from '../cluster/verdict-of.js'
import { Backend } from '../support/backend.js'
import type { Peer } from '../support/peer.js'
import { until } from '../support/wait.js'
import { Bed } from './bed.js'

const SLOW = { eject: { failures: 2, forMs: '1h', maxForMs: '1h', maxPercent: 100 } } as const

export function describeHealth(): void {
  let one: Backend
  let two: Backend
  let bed: Bed

  beforeEach(async () => {
    one = await Backend.listen()
    two = await Backend.listen()
  })
  afterEach(async () => {
    await bed.end()
    await Promise.all([one.close(), two.close()])
  })

  /** `two` is the backup of `one`. */
  async function start(health: HealthInput, timeouts = {}): Promise<void> {
    const backends = [one.address, { address: two.address, backup: true }]
    bed = await Bed.start({ clusters: { back: { backends, health } }, timeouts })
  }

  const cluster = () => bed.proxy.clusters.get('back')!
  const say = (backend: Backend, isUp: boolean): void =>
    cluster().checked(backend.address, verdictOf(isUp, { changedAt: Date.now() }))
  const stateOf = (index: number) => bed.proxy.status().clusters[0]!.backends[index]!

  async function join(backend: Backend): Promise<[Peer, Peer]> {
    const client = await bed.connect()
    const peer = await backend.accepted()
    client.send(Buffer.from('ping'))
    await peer.receive(4)
    return [client, peer]
  }

  it('a backend that resets connections before any byte is ejected, and one with an answer between is not', async () => {
    await start(SLOW)
    for (const answers of [false, true, false, false]) {
      const client = await bed.connect()
      const peer = await one.accepted()
      // Before that, a reset is a failed connect.
      await until(() => stateOf(0).active === 1)
      if (answers) {
        peer.send(Buffer.from('pong'))
        await client.receive(4)
      }
      expect(stateOf(0).state).toBe('up')
      peer.reset()
      await client.ended
    }
    await until(() => stateOf(0).state === 'down')
    expect(stateOf(0)).toMatchObject({ judgedBy: 'answers', reason: 'L7RSP', failures: 0 })
    await join(two)
  })

  it('a lone backend that resets every connection is down until it answers, and the log says so once', async () => {
    bed = await Bed.start({ clusters: { back: { backends: [one.address], health: SLOW } } })
    for (let turn = 1; turn <= 6; ++turn) {
      const client = await bed.connect()
      const peer = await one.accepted()
      await until(() => stateOf(0).active === 1)
      expect(stateOf(0).state).toBe(turn > 2 ? 'down' : 'up')
      peer.reset()
      await client.ended
    }
    const client = await bed.connect()
    const peer = await one.accepted()
    peer.send(Buffer.from('pong'))
    await client.receive(4)
    expect(stateOf(0).state).toBe('up')
    const lines = bed.logged.map(({ message }) => message).filter((message) => message.startsWith('backend '))
    expect(lines).toEqual([
      `backend ${one.address} is down: L7RSP ECONNRESET`,
      `backend ${one.address} is back`,
    ])
  })

  it('a backend that resets connections because of what their clients sent is not ejected', async () => {
    await start(SLOW)
    for (let turn = 0; turn < 4; ++turn) {
      const [client, peer] = await join(one)
      peer.reset()
      await client.ended
    }
    await bed.recorded(4)
    expect(stateOf(0)).toMatchObject({ state: 'up', judgedBy: undefined })
  })

  it('a backend that begins no TLS is ejected, but not if the client has chosen the server name', async () => {
    const backends = [one.address, { address: two.address, backup: true }]
    const of = (serverName: string) => ({ backends, health: SLOW, tls: { serverName, verify: false } })
    const clusters = { back: of('db.example'), chosen: of('client') }
    const listeners = [
      { name: 'back', address: '127.0.0.1:0', cluster: 'back' },
      { name: 'chosen', address: '127.0.0.1:0', cluster: 'chosen' },
    ]
    bed = await Bed.start({ listeners, clusters })
    for (const listener of [1, 1, 1, 0, 0]) {
      const client = await bed.connect(listener)
      const peer = await one.accepted()
      peer.send(Buffer.from('220 mail.example\r\n'))
      await client.ended
    }
    const [back, chosen] = bed.proxy.status().clusters.map(({ backends: [first] }) => first)
    expect(back).toMatchObject({ state: 'down', judgedBy: 'answers', reason: 'L6RSP', failures: 0 })
    expect(back!.reasonDetail).toMatch(/^ERR_SSL_/)
    expect(chosen).toMatchObject({ state: 'up', judgedBy: undefined })
  })

  it('a backend that does not finish the TLS handshake is ejected', async () => {
    const backends = [one.address, { address: two.address, backup: true }]
    const clusters = { back: { backends, health: SLOW, tls: { verify: false } } }
    bed = await Bed.start({ clusters, timeouts: { responseMs: 40 } })
    for (let turn = 0; turn < 2; ++turn) expect(await bed.turnedAway()).toBe('ECONNRESET')
    expect(stateOf(0)).toMatchObject({ state: 'down', judgedBy: 'answers', reason: 'L6TOUT' })
  })

  it('a backend that closes without a byte is not ejected', async () => {
    await start(SLOW)
    for (let turn = 0; turn < 3; ++turn) {
      const [client, peer] = await join(one)
      peer.end()
      client.end()
      await client.ended
    }
    await bed.recorded(3)
    expect(stateOf(0)).toMatchObject({ state: 'up', judgedBy: undefined })
  })

  it('with answerMs a backend that takes bytes and is silent is ejected, and its connections go on', async () => {
    await start({ ...SLOW, answerMs: 40 })
    const pairs = [await join(one), await join(one)]
    await until(() => stateOf(0).state === 'down')
    expect(stateOf(0)).toMatchObject({ judgedBy: 'answers', reason: 'L7TOUT', active: 2 })
    for (const [client, peer] of pairs) {
      peer.send(Buffer.from('late'))
      await client.receive(4)
    }
  })

  it('with answerMs a client that sends nothing does not count against its backend', async () => {
    await start({ eject: { failures: 1 }, answerMs: 40 })
    await bed.connect()
    await one.accepted()
    const [quiet] = await join(one)
    await until(() => stateOf(0).state === 'down')
    quiet.end()
    expect(bed.proxy.connections()).toHaveLength(2)
  })

  describe('when a check calls a backend down', () => {
    it('with onDown: keep its connections go on, and new ones go elsewhere', async () => {
      await start({})
      const [client, peer] = await join(one)
      say(one, false)
      await join(two)
      peer.send(Buffer.from('pong'))
      await client.receive(4)
    })

    it('with onDown: end a connection without bytes in flight gets FIN, and its record says DD', async () => {
      await start({ onDown: 'end' })
      const [client, peer] = await join(one)
      say(one, false)
      expect([await client.ended, await peer.ended]).toEqual(['fin', 'fin'])
      const [record] = await bed.recorded(1)
      expect(record).toMatchObject({ ended: { by: 'proxy', cause: 'backend-down' }, termination: 'DD' })
    })

    it('with onDown: reset both sides get a reset', async () => {
      await start({ onDown: 'reset' })
      const [client, peer] = await join(one)
      say(one, false)
      expect([await client.ended, await peer.ended]).toEqual(['ECONNRESET', 'ECONNRESET'])
      expect((await bed.recorded(1))[0]).toMatchObject({ termination: 'DD' })
    })
  })

  it('with onRecovered: return clients of a backup come back when the first tier works again', async () => {
    await start({ onRecovered: 'return' }, { drainMs: 100 })
    say(one, false)
    const [client] = await join(two)
    say(one, true)
    expect(await client.ended).toBe('fin')
    expect((await bed.recorded(1))[0]).toMatchObject({
      ended: { cause: 'backend-recovered' },
      termination: 'UD',
    })
    await join(one)
  })

  it('with onRecovered: return clients of a backup stay if the first tier goes down again at once', async () => {
    await start({ onRecovered: 'return' }, { drainMs: 60_000 })
    say(one, false)
    const [client, peer] = await join(two)
    say(one, true)
    expect(bed.proxy.status().drains).toHaveLength(1)
    say(one, false)
    await until(() => bed.proxy.status().drains.length === 0)
    peer.send(Buffer.from('pong'))
    await client.receive(4)
  })

  describe('with failback: manual', () => {
    it('a cluster stays at its backup until an operator orders the failback, also over a reload', async () => {
      await start({ failback: 'manual' })
      expect(bed.proxy.status().clusters[0]!.servingTier).toBe(0)
      say(one, false)
      await join(two)
      say(one, true)
      await join(two)
      const backends = [one.address, { address: two.address, backup: true }]
      await bed.reload({
        clusters: { back: { backends, health: { failback: 'manual' }, halfClose: 'close' } },
      })
      await join(two)
      expect(bed.proxy.status().clusters[0]!.servingTier).toBe(100)
      expect(await bed.control.failback('back')).toEqual({ cluster: 'back', servingTier: 0 })
      await join(one)
    })

    it('a client whose connect fails is sent to the backup only when the first tier counts as down', async () => {
      await start({ failback: 'manual', ...SLOW })
      one.refuse()
      expect(await bed.turnedAway()).toBe('ECONNRESET')
      expect(stateOf(0).state).toBe('up')
      await join(two)
      expect(stateOf(0).state).toBe('down')
    })

    it('the log says when another tier serves, and when the first one serves again', async () => {
      await start({ failback: 'manual' })
      say(one, false)
      const moved = await bed.told(/^cluster back/)
      expect(moved).toMatchObject({ level: 'warn', cluster: 'back', tier: 100 })
      expect(moved.message).toBe('cluster back: tier 100 serves from now on')
      say(one, true)
      say(two, false)
      expect(await bed.told(/its first tier serves again$/)).toMatchObject({ level: 'info', cluster: 'back' })
    })

    it('a failback forgives the failed connects of the first tier', async () => {
      await start({ failback: 'manual', ...SLOW })
      one.refuse()
      await bed.turnedAway()
      await join(two)
      const risen = await Backend.listen({ host: '127.0.0.1', port: one.port })
      await join(two)
      await bed.control.failback('back')
      await join(risen)
      await risen.close()
    })

    it('a failback of a cluster that goes back by itself, or of none, is an error', async () => {
      await start({})
      await expect(bed.control.failback('back')).rejects.toMatchObject({ code: 'wrong-state' })
      await expect(bed.control.failback('bark')).rejects.toMatchObject({ code: 'unknown-name' })
    })
  })

  describe('when all backends are down', () => {
    it('clients are refused if checks say so, and the record says that all are down', async () => {
      await start({})
      say(one, false)
      say(two, false)
      expect(await bed.turnedAway()).toBe('ECONNRESET')
      expect((await bed.recorded(1))[0]).toMatchObject({
        ended: { by: 'backend', phase: 'connect', cause: 'backends-down: L4CON' },
        termination: 'SC',
      })
    })

    it('with whenAllDown: try-all clients get one all the same', async () => {
      await start({ whenAllDown: 'try-all' })
      say(one, false)
      say(two, false)
      await join(one)
    })

    it('with whenAllDown: wait a client waits with its bytes until a backend is up', async () => {
      await start({ whenAllDown: 'wait' })
      say(one, false)
      say(two, false)
      const client = await bed.connect()
      client.send(Buffer.from('ping'))
      await until(() => bed.proxy.connections().length === 1)
      say(two, true)
      const peer = await two.accepted()
      await peer.receive(4)
      expect(peer.missingFrom(client)).toBeUndefined()
    })

    it('with whenAllDown: wait a client is refused after connectMs', async () => {
      await start({ whenAllDown: 'wait' }, { connectMs: 50 })
      say(one, false)
      say(two, false)
      expect(await bed.turnedAway()).toBe('ECONNRESET')
      expect((await bed.recorded(1))[0]).toMatchObject({ ended: { cause: 'backends-down: L4CON' } })
    })
  })

  it('a backend that goes down for the third time in a short time stays down, and is shown as flapping', async () => {
    await start({})
    for (const isUp of [false, true, false, true, false, true]) say(one, isUp)
    expect(stateOf(0)).toMatchObject({ state: 'down', isFlapping: true, reason: 'L4OK' })
    expect(stateOf(0).restingMs).toBeGreaterThan(20_000)
    await join(two)
    await bed.told(/changes too often/)
  })
}
