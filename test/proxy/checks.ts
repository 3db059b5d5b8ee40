/** Active checks and agents of a proxy that checks for itself: what clients get, what operators see, what a reload keeps. */
import { rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Address, parseAddress } from '../../src/address.js'
import type { CheckInput, HealthInput } from '../../src/config/health-input.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { AgentPort, HealthPort } from '../support/health-port.js'
import { startNginx } from '../support/nginx.js'
import type { Peer } from '../support/peer.js'
import { areMissing, freePort, type Program } from '../support/programs.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/wait.js'
import { Bed } from './bed.js'

/** A slow machine must not make a check fail. */
const SOON = { everyMs: 10, timeoutMs: '10s', fall: 2, rise: 2 } as const
const REST = { eject: { failures: 1, forMs: '1h', maxForMs: '1h', maxPercent: 100 } } as const

export function describeChecks(): void {
  let one: Backend
  let two: Backend
  let onePort: HealthPort
  let twoPort: HealthPort
  let bed: Bed

  beforeEach(async () => {
    one = await Backend.listen()
    two = await Backend.listen({ host: '127.0.0.2', port: 0 })
    onePort = await HealthPort.open('127.0.0.1')
    twoPort = await HealthPort.open('127.0.0.2', onePort.port)
  })
  afterEach(async () => {
    await bed.end()
    await Promise.all([one.close(), two.close(), onePort.close(), twoPort.close()])
  })

  /** `two` is the backup of `one`. */
  const clusterOf = (health: HealthInput) => ({
    clusters: { back: { backends: [one.address, { address: two.address, backup: true }], health } },
  })
  /** A check of HTTP at the ports beside the backends. */
  const checkBeside = (more: CheckInput = {}): CheckInput => ({
    http: true,
    port: onePort.port,
    ...SOON,
    ...more,
  })
  const start = async (health: HealthInput): Promise<void> => {
    bed = await Bed.start(clusterOf(health))
  }

  const stateOf = (index: number) => bed.proxy.status().clusters[0]!.backends[index]!
  const whenChecked = async (index: number, more: number): Promise<void> => {
    const { checks } = stateOf(index)
    await until(() => stateOf(index).checks >= checks + more)
  }
  const when = (index: number, state: 'up' | 'down') => until(() => stateOf(index).state === state)

  async function join(backend: Backend): Promise<[Peer, Peer]> {
    const client = await bed.connect()
    const peer = await backend.accepted()
    client.send(Buffer.from('ping'))
    await peer.receive(4)
    return [client, peer]
  }

  it('a backend whose checks fail gets no clients until they pass, and the log says why', async () => {
    await start({ check: checkBeside() })
    await whenChecked(0, 1)
    await join(one)
    onePort.status = 503
    await when(0, 'down')
    expect(stateOf(0)).toMatchObject({ judgedBy: 'check', reason: 'L7STS', reasonDetail: 'status 503' })
    expect(stateOf(0).checksFailed).toBeGreaterThanOrEqual(2)
    await join(two)
    onePort.status = 204
    await when(0, 'up')
    await join(one)
    expect(await bed.told(/is down/)).toMatchObject({
      level: 'warn',
      message: `backend ${one.address} is down: L7STS status 503`,
      judgedBy: 'check',
    })
    expect((await bed.told(/is back/)).message).toMatch(/^backend .* is back: L7OK/)
    expect((await bed.told(/a check of backend/)).level).toBe('debug')
  })

  it('one failed check is enough for a backend that nothing has proved up, and one that passes for init: down', async () => {
    onePort.status = 500
    await start({ check: checkBeside({ fall: 1000, everyMs: '1h', fastMs: '1h' }) })
    await when(0, 'down')
    await bed.end()
    onePort.status = 200
    await start({ check: checkBeside({ init: 'down', rise: 1000, everyMs: '1h', fastMs: '1h' }) })
    expect(stateOf(0)).toMatchObject({ state: 'down', reason: 'INI' })
    await when(0, 'up')
    expect(stateOf(0)).toMatchObject({ reason: 'L7OK', checks: 1, checksFailed: 0, changedAt: undefined })
    expect(bed.logged.filter(({ message }) => /is (down|back)/.test(message))).toEqual([])
  })

  it('a check without a port of its own connects to the backend, and fails when nobody listens', async () => {
    await start({ check: { ...SOON } })
    await whenChecked(0, 2)
    expect(stateOf(0)).toMatchObject({ state: 'up', reason: 'L4OK' })
    one.refuse()
    await when(0, 'down')
    expect(stateOf(0)).toMatchObject({ reason: 'L4CON', reasonDetail: 'ECONNREFUSED', failures: 0 })
  })

  it('with onDown: reset the connections of a backend that its checks call down are reset', async () => {
    await start({ check: checkBeside(), onDown: 'reset' })
    const [client, peer] = await join(one)
    onePort.status = 503
    expect([await client.ended, await peer.ended]).toEqual(['ECONNRESET', 'ECONNRESET'])
    expect((await bed.recorded(1))[0]).toMatchObject({ ended: { cause: 'backend-down' }, termination: 'DD' })
  })

  it('when checks call all backends down, a client is refused, and its record has the reasons', async () => {
    await start({ check: checkBeside() })
    await onePort.close()
    twoPort.status = 404
    await when(0, 'down')
    await when(1, 'down')
    expect(await bed.turnedAway()).toBe('ECONNRESET')
    expect((await bed.recorded(1))[0]!.ended.cause).toBe('backends-down: L4CON, L7STS')
  })

  it('with whenAllDown: wait a client that comes before the first check waits for it', async () => {
    await start({ check: checkBeside({ init: 'down' }), whenAllDown: 'wait' })
    await join(one)
  })

  it('a check that passes ends an ejection', async () => {
    await start({ ...REST, check: checkBeside() })
    one.refuse()
    await join(two)
    expect(await bed.told(/rests/)).toMatchObject({ judgedBy: 'connects', reason: 'L4CON' })
    expect(await bed.told(/is back/)).toMatchObject({ judgedBy: 'check', reason: 'L7OK' })
    expect(stateOf(0)).toMatchObject({ state: 'up', restingMs: 0 })
  })

  it('a reload keeps what checks have said, and goes on from there', async () => {
    onePort.status = 503
    const check = checkBeside()
    await start({ check })
    await when(0, 'down')
    const { checks } = stateOf(0)
    await bed.reload({ ...clusterOf({ check }), timeouts: { idleMs: '9m' } })
    expect(stateOf(0)).toMatchObject({ state: 'down' })
    await bed.reload(clusterOf({ check: { ...check, timeoutMs: '3s' } }))
    expect(stateOf(0)).toMatchObject({ state: 'down' })
    await whenChecked(0, 1)
    expect(stateOf(0).checks).toBeGreaterThan(checks)
    onePort.status = 200
    await when(0, 'up')
  })

  it('a reload without checks ends them, and the backend counts as up', async () => {
    onePort.status = 503
    await start({ check: checkBeside() })
    await when(0, 'down')
    await bed.reload(clusterOf({}))
    const { checks } = stateOf(0)
    expect(stateOf(0)).toMatchObject({ state: 'up', reason: undefined })
    await bed.reload(clusterOf({ check: checkBeside() }))
    await when(0, 'down')
    expect(stateOf(0).checks).toBeGreaterThan(checks)
  })

  it('backends that a reload adds or something discovers are checked at once, and those that leave are not', async () => {
    const check = checkBeside({ everyMs: '1h' })
    bed = await Bed.start({ clusters: { back: { backends: [one.address], health: { check } } } })
    await whenChecked(0, 1)
    const address = parseAddress(two.address) as Address
    bed.proxy.clusters.provide('back', 'discovered', [{ address, weight: 1 }])
    await until(() => twoPort.requests === 1)
    bed.proxy.clusters.provide('back', 'discovered', [])
    await bed.reload(clusterOf({ check }))
    await until(() => twoPort.requests === 2)
    expect(onePort.requests).toBe(1)
  })

  it('a backend that an operator takes out for maintenance is not checked, and one that is drained is', async () => {
    await start({ check: checkBeside() })
    const set = (state: 'up' | 'drain' | 'maint') => bed.control.changeBackend('back', one.address, { state })
    await set('maint')
    const { requests } = onePort
    await whenChecked(1, 3)
    expect(onePort.requests).toBeLessThanOrEqual(requests + 1)
    await set('drain')
    await whenChecked(0, 2)
    await set('up')
    await join(one)
  })

  describe('an agent', () => {
    let agent: AgentPort
    beforeEach(async () => {
      agent = await AgentPort.open('127.0.0.1')
    })
    afterEach(() => agent.close())

    const ask = () => start({ agent: { port: agent.port, send: 'back\n', everyMs: 10, timeoutMs: '10s' } })
    const says = async (line: string, isHeard: () => boolean): Promise<void> => {
      agent.line = line
      await until(isHeard)
    }

    it('is sent what the config says, and one that says nothing changes nothing', async () => {
      await ask()
      await until(() => agent.heard.length > 2)
      expect([...new Set(agent.heard)]).toEqual(['back\n'])
      expect(stateOf(0)).toMatchObject({ state: 'up', judgedBy: undefined, agentSet: undefined })
    })

    it('calls its backend down and up again, with its reason in the log', async () => {
      await ask()
      await says('down #disk full', () => stateOf(0).state === 'down')
      expect(stateOf(0)).toMatchObject({
        judgedBy: 'agent',
        reason: 'AGENT',
        reasonDetail: 'down: disk full',
      })
      await join(two)
      await says('up', () => stateOf(0).state === 'up')
      await join(one)
      expect((await bed.told(/is down/)).message).toContain('AGENT down: disk full')
    })

    it('sets a part of the weight or a weight, and an operator’s weight is what it changes', async () => {
      await ask()
      await says('50%', () => stateOf(0).weight === 0.5)
      await bed.control.changeBackend('back', one.address, { weight: 8 })
      expect(stateOf(0).weight).toBe(4)
      await says('weight:2', () => stateOf(0).weight === 2)
      await says('100% ready', () => stateOf(0).weight === 8)
    })

    it('drains its backend and takes it out, and its connections stay with onDown: keep', async () => {
      await ask()
      const [client, peer] = await join(one)
      await says('drain', () => stateOf(0).agentSet === 'drain')
      expect(stateOf(0)).toMatchObject({ state: 'up', setTo: 'up' })
      await join(two)
      await says('maint', () => stateOf(0).state === 'down')
      peer.send(Buffer.from('pong'))
      await client.receive(4)
      await says('ready', () => stateOf(0).state === 'up')
      await join(one)
    })

    it('that a reload takes away has said nothing any more', async () => {
      await ask()
      await says('maint 10%', () => stateOf(0).state === 'down')
      await bed.reload(clusterOf({}))
      expect(stateOf(0)).toMatchObject({ state: 'up', weight: 1, agentSet: undefined })
    })
  })

  describe('real servers that stop and start again', () => {
    const folder = temporaryFolder()

    async function watch(address: string, check: CheckInput, program: () => Promise<Program>): Promise<void> {
      let running = await program()
      bed = await Bed.start({ clusters: { back: { backends: [address], health: { check } } } })
      await whenChecked(0, 2)
      expect(stateOf(0)).toMatchObject({ state: 'up', reason: 'L7OK' })
      await running.kill()
      await when(0, 'down')
      expect(stateOf(0)).toMatchObject({ reason: 'L4CON', reasonDetail: 'ECONNREFUSED' })
      running = await program()
      await when(0, 'up')
      await running.kill()
    }

    it.skipIf(areMissing('redis-server'))(
      'redis is down while it is stopped, and up when it answers PING',
      async () => {
        const port = await freePort()
        const script = [{ send: 'PING\r\n' }, { expect: '+PONG\r\n', at: 0 }]
        await watch(`127.0.0.1:${port}`, { script, ...SOON }, () => startRedis(folder, port))
      },
    )

    it.skipIf(areMissing('nginx'))(
      'nginx is down while a page is missing, and up when it is there',
      async () => {
        const port = await startNginx(folder)
        const page = `${folder}/healthz`
        writeFileSync(page, 'ok')
        const check = { http: { path: '/healthz' }, ...SOON }
        bed = await Bed.start({ clusters: { back: { backends: [`127.0.0.1:${port}`], health: { check } } } })
        await whenChecked(0, 2)
        expect(stateOf(0)).toMatchObject({ state: 'up', reason: 'L7OK' })
        rmSync(page)
        await when(0, 'down')
        expect(stateOf(0)).toMatchObject({ reason: 'L7STS', reasonDetail: 'status 404' })
        writeFileSync(page, 'ok')
        await when(0, 'up')
      },
    )
  })
}
