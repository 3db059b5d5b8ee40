import { expect, test } from 'vitest'
import { DnsNames } from '../../../src/cluster/names/dns-names.js'
import { validateConfig } from '../../../src/config/validate.js'
import type { Log } from '../../../src/observe/log/log.js'
import type { ToWorker } from '../../../src/workers/messages.js'
import type { WorkerChannel } from '../../../src/workers/slots/worker-channel.js'
import type { Sockets } from '../../../src/workers/sockets/sockets.js'
import { DesiredState } from '../../../src/workers/state/desired-state.js'
import { ScriptedDns } from '../../cluster/names/scripted-dns.js'

test('a worker that comes later learns nothing of an address that has left its name since, and returned', () => {
  const config = validateConfig({
    listeners: [{ address: '127.0.0.1:1', cluster: 'web' }],
    clusters: { web: { backends: [{ address: 'pool.test:80', expand: 'all' }] } },
  })
  const dns = new ScriptedDns()
  const names = new DnsNames(config.names, { createClient: () => dns })
  const sockets = { give: () => {} } as unknown as Sockets
  const desired = new DesiredState(config, sockets, {} as Log, {
    workers: () => [],
    serving: () => [],
    names,
    seatOf: () => ({ worker: 0, workers: 1, sources: 1, isShared: false }),
  })
  const sent: ToWorker[] = []
  const worker = { slot: 0, send: (message: ToWorker) => sent.push(message) } as unknown as WorkerChannel
  desired.begin({ loaded: config, config })
  const answer = (...ips: string[]): void => {
    dns.found('pool.test', ips)
    // Asks again now.
    names.configure(config.names)
  }
  answer('10.0.0.1', '10.0.0.2')
  const verdict = { judgedBy: 'connects', reason: 'L4CON', detail: undefined, restMs: 0, times: 1 } as const
  desired.health.heard(worker, { about: 'backend', cluster: 'web', backend: '10.0.0.1:80', verdict })
  expect(desired.health.greet()).toHaveLength(1)
  answer('10.0.0.2')
  answer('10.0.0.1', '10.0.0.2')
  desired.greet(worker)
  expect(sent).toMatchObject([{ kind: 'start', verdicts: [] }])
  desired.stop()
})
