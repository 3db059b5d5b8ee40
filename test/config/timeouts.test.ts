/** Where each timeout may stand, and which of several holds. */
import { describe, expect, it } from 'vitest'
import type { ClusterTimeoutsInput, ListenerTimeoutsInput } from '../../src/config/common-input.js'
import { connectionTimeouts, TIMEOUTS, timeoutsAt } from '../../src/config/timeouts.js'
import { validateConfig } from '../../src/config/validate.js'
import { problemsIn } from './config-file.js'

const COMMON = { connectMs: 1, responseMs: 2, idleMs: 3, halfClosedMs: 4, lifetimeMs: 5 }

interface Said {
  readonly listener?: ListenerTimeoutsInput | Record<string, unknown>
  readonly cluster?: ClusterTimeoutsInput | Record<string, unknown>
  readonly limits?: object
}

function read({ listener, cluster, limits }: Said) {
  return validateConfig({
    listeners: [{ address: '127.0.0.1:7000', cluster: 'ssh', timeouts: listener }],
    clusters: { ssh: { backends: ['127.0.0.1:22'], timeouts: cluster, limits } },
  })
}

const problems = (said: Said): string[] => problemsIn(() => read(said))

describe('timeouts', () => {
  it('the decision of a route function goes before the cluster, the listener and the config', () => {
    const listener = { connectMs: 10, responseMs: 20, idleMs: 30 }
    const cluster = { responseMs: 200, idleMs: 300, lifetimeMs: 0 }
    const decision = { idleMs: 0 }
    expect(connectionTimeouts(COMMON, listener, cluster, decision)).toEqual({
      connectMs: 10,
      responseMs: 200,
      idleMs: 0,
      halfClosedMs: 4,
      lifetimeMs: 0,
    })
    expect(connectionTimeouts(COMMON)).toEqual(COMMON)
  })

  it('a listener and a cluster have the timeouts that they say, and no others', () => {
    const { listeners, clusters } = read({ listener: { firstBytesMs: '1s' }, cluster: { idleMs: '8h' } })
    expect(JSON.parse(JSON.stringify(listeners[0]!.timeouts))).toEqual({ firstBytesMs: 1000 })
    expect(JSON.parse(JSON.stringify(clusters.ssh!.timeouts))).toEqual({ idleMs: 8 * 3_600_000 })
  })

  it('a route function decides about connections, a listener also about first bytes', () => {
    expect(timeoutsAt('decision')).toEqual(Object.keys(COMMON))
    expect(timeoutsAt('cluster')).toEqual([...Object.keys(COMMON), 'deadPeerMs'])
    expect(timeoutsAt('listener')).toEqual(['firstBytesMs', 'routeMs', ...timeoutsAt('cluster')])
    expect(Object.keys(TIMEOUTS)).toEqual(expect.arrayContaining([...timeoutsAt('listener')]))
  })

  it('clients in the queue of a cluster wait as long as for a connect of this cluster', () => {
    const queueMsOf = (said: Said) => read(said).clusters.ssh!.limits?.queueMs
    const limits = { maxConnections: 1 }
    expect(queueMsOf({ cluster: { connectMs: '2s' }, limits })).toBe(2000)
    expect(queueMsOf({ limits })).toBe(5000)
  })

  it.each<[Said, string]>([
    [
      { listener: { drainMs: 1 } },
      'listeners[0].timeouts.drainMs: cannot stand here: write it under "timeouts" of the config',
    ],
    [
      { cluster: { firstBytesMs: 1 } },
      'clusters.ssh.timeouts.firstBytesMs: cannot stand here: write it under "timeouts" of a listener or of the config',
    ],
    [{ cluster: { idleM: 1 } }, 'clusters.ssh.timeouts.idleM: unknown key; did you mean "idleMs"?'],
    [
      { listener: { idleMs: '8 hours' } },
      'listeners[0].timeouts.idleMs: "8 hours" is not a duration: write 250ms, 5s, 10m, 1h, 1d, or a number of milliseconds',
    ],
  ])('timeouts of %j are an error', (said, message) => {
    expect(problems(said)).toEqual([message])
  })
})
