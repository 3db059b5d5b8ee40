/** A check of one listener alone finds what a check of the whole config finds. */
import { expect, it } from 'vitest'
import type { Change } from '../../../src/config/changes/change.js'
import { judgeChanges } from '../../../src/config/changes/judge-change.js'
import { judge, validateConfig } from '../../../src/config/validate.js'

const configOf = (listeners: readonly unknown[], more: object = {}) => ({
  listeners: [
    { name: 'one', address: '127.0.0.1:81', cluster: 'a' },
    { name: 'two', address: '127.0.0.1:0', cluster: 'b', limits: { maxConnections: 5 } },
    { name: 'v4', address: '0.0.0.0:82', cluster: 'b' },
    ...listeners,
  ],
  clusters: { a: { backends: ['10.0.0.1:80', '127.0.0.1:90'] }, b: { backends: ['10.0.0.2:80'] } },
  timeouts: { idleMs: '5m' },
  admin: { address: '127.0.0.1:83', role: 'observe' },
  ...more,
})

const DIAL = {
  clusters: { ...configOf([]).clusters, out: { dial: { server: 'sni', ports: [443], allow: ['*.a.test'] } } },
}

it.each<[object]>([
  [{ name: 'new', address: '127.0.0.1:0', cluster: 'a' }],
  [{ name: 'new', address: '127.0.0.1:0', cluster: 'a', timeouts: { idleMs: '1m' }, tags: { of: 'x' } }],
  [{ address: '127.0.0.1:99', cluster: 'b' }],
  [{ name: 'new', address: '127.0.0.1:90', cluster: 'a' }],
  [{ name: 'new', address: '127.0.0.1:81', cluster: 'a' }],
  [{ name: 'new', address: '[::]:82', cluster: 'a' }],
  [{ name: 'new', address: '127.0.0.1:83', cluster: 'a' }],
  [{ name: 'one', address: '127.0.0.1:0', cluster: 'a' }],
  [{ name: 'new', address: 'unix:/tmp/new.sock', cluster: 'a' }],
  [{ name: 'new', addresses: ['127.0.0.1:0', '127.0.0.1:91'], cluster: 'a' }],
  [{ name: 'new', address: '127.0.0.1:0', cluster: 'c' }],
  [{ name: 'new', address: '127.0.0.1:0' }],
  [{ name: 'new', address: 'nonsense', cluster: 'a', misspelt: true }],
])('a listener %j', (spec) => {
  const before = validateConfig(configOf([]))
  const change: Change = { do: 'add-listener', spec }
  const input = configOf([spec])
  const verdict = judgeChanges(before, input, [change])
  expect(verdict).toEqual(judge(input))
  if (!('config' in verdict)) return
  const name = verdict.config.listeners.at(-1)!.name.split('@')[0]!
  expect(judgeChanges(verdict.config, configOf([]), [{ do: 'remove-listener', listener: name }])).toEqual({
    config: before,
  })
})

it('the other listeners of the config are the same objects, so nothing is made anew for them', () => {
  const before = validateConfig(configOf([]))
  const spec = { name: 'new', address: '127.0.0.1:0', cluster: 'a' }
  const verdict = judgeChanges(before, configOf([spec]), [{ do: 'add-listener', spec }])
  const { listeners } = 'config' in verdict ? verdict.config : expect.unreachable('it is good')
  for (const [index, each] of before.listeners.entries()) expect(listeners[index]).toBe(each)
})

it('a cluster that has to know each listener is checked with the new one', () => {
  const before = validateConfig(configOf([], DIAL))
  const spec = { name: 'new', address: '127.0.0.1:99', cluster: 'a' }
  const input = configOf([spec], DIAL)
  expect(judgeChanges(before, input, [{ do: 'add-listener', spec }])).toEqual(judge(input))
})
