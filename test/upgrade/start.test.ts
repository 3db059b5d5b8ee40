/** How an upgrade begins: what it waits for, and a new process that cannot be started. */
import { expect, it } from 'vitest'
import type { KeptChange } from '../../src/config/changes/change.js'
import { ChangingConfig } from '../../src/config/changes/changing-config.js'
import { validateConfig } from '../../src/config/validate.js'
import { ProxyControl } from '../../src/proxy/proxy-control.js'
import { RunningProxy } from '../../src/proxy/running-proxy.js'
import { AloneSuccession } from '../../src/upgrade/alone.js'
import { RoutedControl } from '../../src/upgrade/forwarding.js'
import { Upgrade } from '../../src/upgrade/upgrade.js'

const input = {
  listeners: [{ name: 'a', address: '127.0.0.1:0', cluster: 'c' }],
  clusters: { c: { backends: ['127.0.0.1:9'] } },
  log: { level: 'silent' },
}

/** No process can be started. `told`: the changes that the last one would have got. */
async function startProxy() {
  const config = validateConfig(input)
  const changing = new ChangingConfig(
    { input, config },
    { read: () => ({ input, config }), finish: (each) => each },
  )
  const proxy = new RunningProxy(config)
  await proxy.start()
  const control = new ProxyControl(proxy, {
    load: () => changing.load(),
    changing,
    reopenLogs: async () => {},
    ended: () => {},
  })
  const told: (readonly KeptChange[])[] = []
  const upgrade = new Upgrade({
    succession: new AloneSuccession(proxy, control),
    routed: new RoutedControl(control),
    admin: { sockets: [], leave: () => {} },
    changes: () => {
      told.push(changing.list)
      return changing.list
    },
    start: () => {
      throw new Error('spawn ENOMEM')
    },
    predecessorGone: () => undefined,
    serves: () => {},
    end: () => {},
    handOver: async () => {},
  })
  return { proxy, control, upgrade, told }
}

it('an upgrade that cannot start a process says so, and another one may follow', async () => {
  const { proxy, upgrade } = await startProxy()
  await expect(upgrade.run()).rejects.toThrow('spawn ENOMEM')
  expect(upgrade.isRunning).toBe(false)
  await expect(upgrade.run()).rejects.toThrow('spawn ENOMEM')
  await proxy.stop()
})

it('an upgrade waits for a change that is under way, and the new process gets it', async () => {
  const { proxy, control, upgrade, told } = await startProxy()
  const change = { do: 'add-backend', cluster: 'c', spec: '127.0.0.1:10' } as const
  const changed = control.change({ changes: [change] })
  await expect(upgrade.run()).rejects.toThrow('spawn ENOMEM')
  expect(told).toEqual([[change]])
  expect(await changed).toMatchObject({ done: ['add backend c/127.0.0.1:10'] })
  await proxy.stop()
})

it('an upgrade is refused if the process is told to end while it waits', async () => {
  const { proxy, upgrade, told } = await startProxy()
  const upgraded = upgrade.run()
  upgrade.abort()
  await expect(upgraded).rejects.toThrow('this proxy is draining')
  expect(told).toEqual([])
  await proxy.stop()
})
