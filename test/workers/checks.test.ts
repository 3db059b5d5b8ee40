/** With several workers the supervisor checks the backends once for all of them, and asks their agents. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProxyStatus } from '../../src/observe/status.js'
import { temporaryFolder } from '../support/folder.js'
import { AgentPort, HealthPort } from '../support/health-port.js'
import { connectTo, turnedAway } from '../support/peer.js'
import { bothServe, WorkersRig } from './rig.js'

const SOON = { everyMs: 20, timeoutMs: '10s' }

describe('two workers and a supervisor that checks', () => {
  const folder = temporaryFolder()
  let rig: WorkersRig
  let health: HealthPort

  beforeEach(async () => {
    health = await HealthPort.open('127.0.0.1')
    rig = await WorkersRig.start(folder)
  })
  afterEach(async () => {
    await rig.end()
    await health.close()
  })

  const config = (more: object) => ({
    clusters: { a: { backends: [rig.backends[0]!.address], health: more } },
  })
  const check = (more: object = {}) => config({ check: { http: true, port: health.port, ...SOON, ...more } })
  const backendOf = ({ clusters }: ProxyStatus) => clusters.find(({ name }) => name === 'a')!.backends[0]!
  const when = (isWanted: (backend: ReturnType<typeof backendOf>) => boolean) =>
    rig.statusWhen((status) => bothServe(status) && isWanted(backendOf(status)))
  /** `down` and a tier show only if no worker differs. */
  const whenDown = () => when(({ state }) => state === 'down')
  const whenUp = () => when(({ state, checks }) => state === 'up' && checks > 0)

  const refused = (): Promise<string> =>
    turnedAway(connectTo({ kind: 'tcp', host: '127.0.0.1', port: rig.port }))

  it('the supervisor makes each check once, all workers know the result, and one of them logs it', async () => {
    await rig.reload(check())
    const { checks } = backendOf(await whenUp())
    expect(checks).toBeLessThanOrEqual(health.requests)
    health.status = 503
    const { reason, reasonDetail } = backendOf(await whenDown())
    expect([reason, reasonDetail]).toEqual(['L7STS', 'status 503'])
    for (let turn = 0; turn < 6; ++turn) expect(await refused()).toBe('ECONNRESET')
    health.status = 200
    await whenUp()
    await rig.join()
    await rig.millrace.logged(({ msg }) => msg.includes('is back: L7OK'))
    const lines = rig.millrace.program.stdout.split('\n')
    expect(lines.filter((line) => line.includes('is down: L7STS'))).toHaveLength(1)
    expect(lines.filter((line) => line.includes('is back: L7OK'))).toHaveLength(1)
  })

  it('a worker that replaces another one knows what checks have said, and no count falls', async () => {
    health.status = 500
    await rig.reload(check())
    const { checks } = backendOf(await whenDown())
    await rig.killOne()
    const after = backendOf(await whenDown())
    expect(after.checks).toBeGreaterThanOrEqual(checks)
    health.status = 200
    await whenUp()
    await rig.join()
  })

  it('a reload keeps what checks have said, and a backend that comes back from maintenance is checked again', async () => {
    health.status = 500
    await rig.reload(check())
    await whenDown()
    await rig.reload({ ...check(), timeouts: { idleMs: '9m' } })
    expect(backendOf(await rig.status()).state).toBe('down')
    const path = `/api/v1/clusters/a/backends/${encodeURIComponent(rig.backends[0]!.address)}`
    await rig.admin.ask('PATCH', path, { state: 'maint' })
    const { checks } = backendOf(await rig.status())
    await rig.admin.ask('PATCH', path, { state: 'up' })
    await when((backend) => backend.checks > checks + 2)
    await rig.reload(config({}))
    await when(({ state, reason }) => state === 'up' && reason === undefined)
  })

  it('a check that passes ends the ejection of a backend in all workers', async () => {
    const eject = { failures: 1, forMs: '10m', maxForMs: '10m' }
    const [one, two] = rig.backends
    const backends = [one!.address, { address: two!.address, backup: true }]
    health.status = 503
    const http = { http: true, port: health.port, ...SOON, fall: 1000 }
    await rig.reload({ clusters: { a: { backends, health: { eject } } } })
    one!.refuse()
    await rig.join()
    await whenDown()
    health.status = 200
    await rig.reload({ clusters: { a: { backends, health: { eject, check: http } } } })
    await whenUp()
    const { restingMs } = backendOf(await rig.status())
    expect(restingMs).toBe(0)
  })

  it('what an agent says holds in all workers', async () => {
    const agent = await AgentPort.open('127.0.0.1')
    await rig.reload(config({ agent: { port: agent.port, send: '?', everyMs: 20, timeoutMs: '10s' } }))
    agent.line = 'drain 50%'
    await when(({ agentSet, weight }) => agentSet === 'drain' && weight === 0.5)
    expect(await refused()).toBe('ECONNRESET')
    agent.line = 'ready'
    await when(({ agentSet }) => agentSet === 'ready')
    await rig.join()
    await agent.close()
  })
})
