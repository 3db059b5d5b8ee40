/** The status while no worker serves is exactly that of a proxy with this config that has not started. */
import { expect, it } from 'vitest'
import { validateConfig } from '../../../src/config/validate.js'
import { createEngine } from '../../../src/io/choose-engine.js'
import { Catalogue } from '../../../src/proxy/catalogue/catalogue.js'
import { RunningProxy } from '../../../src/proxy/running-proxy.js'
import { idleStatus } from '../../../src/workers/state/idle-status.js'

const config = validateConfig({
  listeners: [
    { name: 'plain', address: '127.0.0.1:1', cluster: 'a' },
    { name: 'web', address: '[::1]:2', protocol: 'http', cluster: 'b' },
    { name: 'routed', address: '127.0.0.1:3', cluster: 'a', routes: [{ sni: ['x.example'], cluster: 'b' }] },
  ],
  clusters: {
    a: { backends: ['db.example:80', 'localhost:81', { address: '10.0.0.1:82', weight: 4 }] },
    b: { backends: ['unix:/run/b.sock'], sendProxy: 'v2' },
    c: { dial: { server: 'sni', allow: ['*.example', 'localhost'] } },
  },
  splice: 'off',
})

/** Fields that differ each time, or that the status of a single proxy does not have. */
const WITHOUT = { cpuSeconds: 0, workers: 0, workersWanted: 0, config: undefined, kernel: undefined }

it('the status without any worker follows from the config, field by field', () => {
  const engine = createEngine()
  const proxy = new RunningProxy(config, { engine })
  const idle = { ...idleStatus(config, new Catalogue(config), engine), ...WITHOUT }
  const told = { ...proxy.counts(), ...WITHOUT }
  expect(Object.keys(idle).sort()).toEqual(Object.keys(told).sort())
  expect(idle).toEqual(told)
})

it('the status without any worker has backends as operators have set them', () => {
  const catalogue = new Catalogue(config)
  catalogue.set('a', 'localhost:81', { state: 'maint', weight: 0 })
  const [a] = idleStatus(config, catalogue, createEngine()).clusters
  expect(a!.backends).toMatchObject([{ setTo: 'up' }, { setTo: 'maint', weight: 0 }, { weight: 4 }])
})
