/** Timeouts of one listener, of one cluster and of one connection hold for it and for no other. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import type { RouteDecision } from '../../src/route/visitor.js'
import { Backend } from '../support/backend.js'
import { advanceClock, restoreClock } from '../support/clock.js'
import { Bed, type BedConfig } from './bed.js'
import { deadlinesAreLookedAt, hastened } from './time.js'

const MINUTE_MS = 60_000
/** A short timeout, so that the proxy often looks at all of them. */
const QUICK = { halfClosedMs: 40 }

export function describeOwnTimeouts(): void {
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(async () => {
    restoreClock()
    await bed.end()
  })

  const web: ListenerInput = { name: 'web', address: '127.0.0.1:0', cluster: 'web' }
  const ssh: ListenerInput = { name: 'ssh', address: '127.0.0.1:0', cluster: 'ssh' }

  /** One client of each listener, joined. */
  async function join(config: Partial<BedConfig>) {
    const clusters = { web: { backends: [backend.address] }, ssh: { backends: [backend.address] } }
    const timeouts = { ...QUICK, ...config.timeouts }
    bed = await Bed.start({ clusters, listeners: [web, ssh], backends: [backend], ...config, timeouts })
    for (const listener of bed.proxy.status().listeners.keys()) {
      await bed.connect(listener)
      await backend.accepted()
    }
  }

  /** Two minutes pass. Returns the listeners of the connections that have ended, and how. */
  async function endedByMinuteTwo() {
    advanceClock(2 * MINUTE_MS)
    await deadlinesAreLookedAt(bed)
    const records = await hastened(bed, bed.recorded(1))
    return records.map(({ listener, ended }) => [listener, ended.cause])
  }

  it('a listener with 8 h beside a listener with 1 min keeps its silent connections', async () => {
    const listeners = [
      { ...web, timeouts: { idleMs: '1m' } },
      { ...ssh, timeouts: { idleMs: '8h' } },
    ]
    await join({ listeners })
    expect(await endedByMinuteTwo()).toEqual([['web', 'idle-timeout']])
  })

  it('a cluster keeps its silent connections, whatever its listener and the config say', async () => {
    const long = { ssh: { backends: [backend.address], timeouts: { idleMs: '8h' } } }
    await join({
      clusters: { web: { backends: [backend.address] }, ...long },
      listeners: [web, { ...ssh, timeouts: { idleMs: '1m', lifetimeMs: '7h' } }],
      timeouts: { idleMs: '1m' },
    })
    expect(await endedByMinuteTwo()).toEqual([['web', 'idle-timeout']])
    advanceClock(7 * 60 * MINUTE_MS)
    const records = await hastened(bed, bed.recorded(2))
    expect(records[1]).toMatchObject({ listener: 'ssh', ended: { cause: 'lifetime' } })
  })

  it('a route function gives one connection timeouts of its own', async () => {
    const decide =
      (decision: RouteDecision): ListenerInput['route'] =>
      () =>
        decision
    await join({
      listeners: [
        { ...web, route: decide({ cluster: 'web', timeouts: { lifetimeMs: '1m' } }) },
        { ...ssh, route: decide({ cluster: 'ssh' }) },
      ],
    })
    expect(await endedByMinuteTwo()).toEqual([['web', 'lifetime']])
  })

  it('a route function that returns a wrong timeout ends its client, and the log has an error', async () => {
    const route = () => ({ cluster: 'web', timeouts: { idleMs: 'soon' } }) as RouteDecision
    const clusters = { web: { backends: [backend.address] } }
    bed = await Bed.start({ clusters, listeners: [{ ...web, route }], backends: [backend] })
    await bed.turnedAway()
    expect(await bed.told(/route function failed/)).toMatchObject({ level: 'error' })
    expect((await bed.recorded(1))[0]!.ended.cause).toBe('route-failed')
  })

  it('a reload gives new connections the timeouts of their listener, and leaves open ones theirs', async () => {
    await join({ listeners: [web] })
    await bed.reload({
      listeners: [{ ...web, timeouts: { idleMs: '1m' } }],
      clusters: { web: { backends: [backend.address] } },
    })
    await bed.connect()
    await backend.accepted()
    expect(await endedByMinuteTwo()).toHaveLength(1)
    expect(bed.proxy.status().connections.active).toBe(1)
  })
}
