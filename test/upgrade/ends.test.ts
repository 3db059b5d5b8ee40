/** A process that is told to end while it is upgraded, and what it tells the new process until its end. */
import { afterEach, expect, it, vi } from 'vitest'
import { validateConfig } from '../../src/config/validate.js'
import type { Control } from '../../src/control/control.js'
import { ProxyControl } from '../../src/proxy/proxy-control.js'
import { RunningProxy } from '../../src/proxy/running-proxy.js'
import { AloneSuccession } from '../../src/upgrade/alone.js'
import { callOn, forwarding, RoutedControl } from '../../src/upgrade/forwarding.js'
import type { ToPredecessor, ToSuccessor } from '../../src/upgrade/messages.js'
import { PROTOCOL } from '../../src/upgrade/protocol.js'
import type { SuccessorHooks } from '../../src/upgrade/successor-process.js'
import { Upgrade } from '../../src/upgrade/upgrade.js'
import { turns, until } from '../support/wait.js'

const SUCCESSOR = 4242
const SERVING: ToPredecessor = { kind: 'serving', handOver: [], since: 0 }

const proxies: RunningProxy[] = []
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()))
})

/** An upgrade to a process that the test plays, up to the point at which that one could serve. */
async function begin(instead: (own: Control) => Partial<Control> = () => ({})) {
  const config = validateConfig({
    listeners: [{ name: 'a', address: '127.0.0.1:0', cluster: 'c' }],
    clusters: { c: { backends: ['127.0.0.1:9'] } },
    log: { level: 'silent' },
  })
  const proxy = new RunningProxy(config)
  proxies.push(proxy)
  await proxy.start()
  const own = new ProxyControl(proxy, {
    load: () => ({ config }),
    reopenLogs: async () => {},
    ended: () => {},
  })
  const control = forwarding((method, args) => callOn(own, method, args), instead(own))
  const told: string[] = []
  const sent: ToSuccessor['kind'][] = []
  const end = vi.fn(() => void told.push('end'))
  let hooks: SuccessorHooks | undefined
  const exit = (): void => {
    hooks!.exited('it was ended by SIGKILL')
    hooks!.closed(undefined)
  }
  const upgrade = new Upgrade({
    succession: new AloneSuccession(proxy, control),
    routed: new RoutedControl(control),
    admin: { sockets: [], leave: () => void told.push('leave the admin address') },
    changes: () => [],
    start: (_, given) => {
      hooks = given
      return {
        pid: SUCCESSOR,
        send: async ({ kind }) => void sent.push(kind),
        kill: () => void setImmediate(exit),
      }
    },
    predecessorGone: () => undefined,
    serves: () => void told.push('serves'),
    end,
    handOver: async () => {},
  })
  const upgraded = upgrade.run()
  upgraded.catch(() => {})
  await until(() => hooks !== undefined)
  const say = (message: ToPredecessor): void => hooks!.message(message)
  say({ kind: 'ready', protocol: PROTOCOL, version: '9.9.9' })
  return { upgrade, upgraded, say, exit, told, sent, end }
}

it('an order to end that comes in the hand-over ends the new process once it serves', async () => {
  const { upgrade, upgraded, say, told, sent, end } = await begin()
  await until(() => sent.includes('state'))
  upgrade.abort()
  const finished = upgrade.finish()
  say(SERVING)
  await finished
  expect(told).toEqual(['leave the admin address', 'serves', 'end'])
  await upgraded
  await turns(3)
  expect(end.mock.calls).toEqual([[SUCCESSOR]])
})

it('a process that is told to end in the hand-over ends even if the new process is gone', async () => {
  const { upgrade, upgraded, exit, told, sent } = await begin()
  await until(() => sent.includes('state'))
  upgrade.abort()
  const finished = upgrade.finish()
  exit()
  await finished
  await expect(upgraded).rejects.toThrow('it was ended by SIGKILL')
  expect(told).toEqual([])
})

it('a new process that is gone when it is told to end does not keep the old one from its end', async () => {
  const { upgrade, upgraded, say, sent, end } = await begin()
  end.mockImplementation(() => {
    throw new Error('kill ESRCH')
  })
  await until(() => sent.includes('state'))
  upgrade.abort()
  say(SERVING)
  await upgraded
  await upgrade.finish()
  expect(end).toHaveBeenCalledOnce()
})

it('a second order to end in the hand-over ends the new process at once', async () => {
  const { upgrade, upgraded, sent } = await begin()
  await until(() => sent.includes('state'))
  upgrade.abort()
  upgrade.abort()
  await expect(upgraded).rejects.toThrow('it was ended by SIGKILL')
})

it('an order to end that comes after the new process serves does not reach it', async () => {
  const { upgrade, upgraded, say, told, sent, end } = await begin()
  await until(() => sent.includes('state'))
  say(SERVING)
  await upgraded
  await until(() => told.includes('serves'))
  upgrade.abort()
  await upgrade.finish()
  expect(end).not.toHaveBeenCalled()
})

it('a drain of everything that comes before the hand-over ends the upgrade', async () => {
  const { upgraded, sent } = await begin((own) => ({
    status: () => {
      void own.drain({ deadlineMs: 0 })
      return own.status()
    },
  }))
  await expect(upgraded).rejects.toThrow('this proxy is draining')
  expect(sent).not.toContain('state')
})

it('what is left is told in one message after the other', async () => {
  let [asked, most] = [0, 0]
  const { upgrade, upgraded, say, sent } = await begin((own) => ({
    status: async () => {
      asked += 1
      most = Math.max(most, asked)
      await turns(2)
      asked -= 1
      return await own.status()
    },
  }))
  await until(() => sent.includes('state'))
  say(SERVING)
  await upgraded
  await until(() => sent.includes('left'))
  await upgrade.finish()
  expect(sent.filter((kind) => kind === 'left').length).toBeGreaterThan(1)
  expect(most).toBe(1)
})
