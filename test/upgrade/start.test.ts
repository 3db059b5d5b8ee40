/** An upgrade whose new process cannot be started. */
import { expect, it } from 'vitest'
import { validateConfig } from '../../src/config/validate.js'
import { ProxyControl } from '../../src/proxy/proxy-control.js'
import { RunningProxy } from '../../src/proxy/running-proxy.js'
import { AloneSuccession } from '../../src/upgrade/alone.js'
import { RoutedControl } from '../../src/upgrade/forwarding.js'
import { Upgrade } from '../../src/upgrade/upgrade.js'

it('an upgrade that cannot start a process says so, and another one may follow', async () => {
  const config = validateConfig({
    listeners: [{ name: 'a', address: '127.0.0.1:0', cluster: 'c' }],
    clusters: { c: { backends: ['127.0.0.1:9'] } },
    log: { level: 'silent' },
  })
  const proxy = new RunningProxy(config)
  await proxy.start()
  const control = new ProxyControl(proxy, {
    load: () => ({ config }),
    reopenLogs: async () => {},
    ended: () => {},
  })
  const upgrade = new Upgrade({
    succession: new AloneSuccession(proxy, control),
    routed: new RoutedControl(control),
    admin: { sockets: [], leave: () => {} },
    changes: () => [],
    start: () => {
      throw new Error('spawn ENOMEM')
    },
    predecessorGone: undefined,
    serves: () => {},
    handOver: async () => {},
  })
  await expect(upgrade.run()).rejects.toThrow('spawn ENOMEM')
  expect(upgrade.isRunning).toBe(false)
  await expect(upgrade.run()).rejects.toThrow('spawn ENOMEM')
  await proxy.stop()
})
