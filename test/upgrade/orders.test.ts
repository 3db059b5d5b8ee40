/** Whatever an operator has set holds after an upgrade. A method of the control that is new needs a line here. */
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { validateConfig } from '../../src/config/validate.js'
import { CONTROL_METHODS, type Control } from '../../src/control/control.js'
import { ProxyControl } from '../../src/proxy/proxy-control.js'
import { RunningProxy } from '../../src/proxy/running-proxy.js'
import { AloneSuccession } from '../../src/upgrade/alone.js'
import { readToSuccessor } from '../../src/upgrade/messages.js'
import { leftOf, stateOf, takeUp } from '../../src/upgrade/state.js'
import { temporaryFolder } from '../support/folder.js'

const BACKENDS = ['127.0.0.1:9', '127.0.0.1:10']
const HOUR_MS = 3_600_000

/** An order, and what a proxy then is. */
interface Order {
  give(control: Control): Promise<unknown>
  seen(proxy: RunningProxy): unknown
}

const backendsOf = (proxy: RunningProxy) =>
  proxy.status().clusters[0]!.backends.map(({ setTo, weight }) => ({ setTo, weight }))
const opened = (proxy: RunningProxy) => proxy.status().listeners.map(({ isListening }) => isListening)

/** With a text, there is nothing to hand over. */
const METHODS: Readonly<Record<keyof Control, Order | string>> = {
  status: 'it only asks',
  readiness: 'it only asks',
  connections: 'it only asks',
  sources: 'it only asks',
  bans: 'it only asks',
  kill: 'the connections are gone',
  limit: 'its rates move with the connection: test/proxy/hand-over.test.ts',
  drain: {
    give: async (control) => {
      await control.drain({ listener: 'side' })
      await control.drain({ cluster: 'a', backend: BACKENDS[0] })
    },
    seen: (proxy) => [opened(proxy), backendsOf(proxy)],
  },
  end: 'this process ends, and hands nothing over',
  changeBackend: {
    give: (control) => control.changeBackend('a', BACKENDS[1]!, { state: 'maint', weight: 7 }),
    seen: backendsOf,
  },
  changeListener: 'it opens what drain has closed',
  failback: 'after it, the first tier that works serves, as at a start',
  ban: {
    give: (control) => control.ban({ client: '192.0.2.7', forMs: HOUR_MS, why: 'test' }),
    seen: ({ limiting }) => limiting.bans.kept().map(({ network, why }) => ({ network, why })),
  },
  unban: 'it ends what ban has set',
  hold: {
    give: (control) => control.hold({ cluster: 'a', maxMs: HOUR_MS }),
    seen: (proxy) => proxy.status().clusters.map(({ holdSeconds }) => (holdSeconds ?? 0) > 3000),
  },
  release: 'it ends what hold has set',
  setLogLevel: {
    give: (control) => control.setLogLevel('debug'),
    seen: ({ log }) => log.level,
  },
  reopenLogs: 'the new process opens the files by itself',
  reload: 'the new process reads the config by itself',
  change: 'the new process begins with all changes',
  difference: 'it only asks',
  upgrade: 'the new process is the result',
}

const folder = temporaryFolder()
const proxies: RunningProxy[] = []
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()))
})

async function start(drained: readonly string[] = []): Promise<AloneSuccession & { proxy: RunningProxy }> {
  const config = validateConfig({
    listeners: ['front', 'side'].map((name) => ({ name, address: '127.0.0.1:0', cluster: 'a' })),
    clusters: {
      a: { backends: BACKENDS },
      manual: {
        backends: [{ address: '127.0.0.1:11', tier: 1 }, '127.0.0.1:12'],
        health: { failback: 'manual' },
      },
    },
    log: { file: join(folder, 'log') },
  })
  const proxy = new RunningProxy(config)
  proxies.push(proxy)
  for (const name of drained) proxy.generations.drain(name)
  await proxy.start()
  const control = new ProxyControl(proxy, {
    load: () => ({ config }),
    reopenLogs: async () => {},
    ended: () => {},
  })
  return Object.assign(new AloneSuccession(proxy, control), { proxy })
}

/** `prepare`: what is done to the new process before it takes the state up. */
async function successorOf(before: AloneSuccession, prepare: (after: AloneSuccession) => void = () => {}) {
  const state = { ...stateOf(before), ...(await leftOf(before)) }
  const message = readToSuccessor(JSON.parse(JSON.stringify({ kind: 'state', state })))
  const after = await start(before.drained())
  prepare(after)
  if (message.kind === 'state') await takeUp(message.state, after)
  return after
}

describe('an order that an operator gives', () => {
  for (const method of CONTROL_METHODS) {
    const order = METHODS[method]
    if (typeof order === 'string') continue
    it(`${method} holds after an upgrade`, async () => {
      const before = await start()
      const untouched = order.seen(before.proxy)
      await order.give(before.control)
      const after = await successorOf(before)
      expect(order.seen(after.proxy)).toEqual(order.seen(before.proxy))
      expect(order.seen(after.proxy)).not.toEqual(untouched)
    })
  }
})

it('a cluster with failback: manual stays at the tier to which it has moved', async () => {
  const before = await start()
  const moved = { tier: 1, version: 3, isFailback: false }
  before.restoreVerdict({ about: 'tier', cluster: 'manual', moved })
  const after = await successorOf(before)
  expect(after.verdicts()).toEqual([{ about: 'tier', cluster: 'manual', moved }])
})

it('a part of the state that the new process cannot take up is left out, and the rest holds', async () => {
  const before = await start()
  await before.control.setLogLevel('debug')
  await before.control.hold({ cluster: 'a', maxMs: HOUR_MS })
  before.restoreVerdict({
    about: 'tier',
    cluster: 'manual',
    moved: { tier: 1, version: 3, isFailback: false },
  })
  const fails = (): never => {
    throw new Error('no memory')
  }
  const after = await successorOf(before, (each) => {
    for (const method of ['restoreVerdict', 'restoreBans', 'takeTicketKeys'] as const)
      vi.spyOn(each, method).mockImplementation(fails)
    vi.spyOn(each.control, 'setLogLevel').mockImplementation(fails)
  })
  expect(after.holds()).toMatchObject([{ cluster: 'a' }])
})
