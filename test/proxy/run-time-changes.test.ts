/** Which connections an order with `end` drains. */
import { describe, expect, it } from 'vitest'
import type { Change } from '../../src/config/changes/change.js'
import { unknownName } from '../../src/control/names.js'
import type { Log } from '../../src/observe/log/log.js'
import { drainRemoved, drainsAfter } from '../../src/proxy/generations/run-time-changes.js'

const removal = (backend: string, cluster = 'app'): Change => ({ do: 'remove-backend', cluster, backend })
const addition = (spec: unknown, cluster = 'app'): Change => ({ do: 'add-backend', cluster, spec })
const drains = (...changes: Change[]) =>
  drainsAfter({ changes, end: true }, 100).map(({ cluster, backend }) => [cluster, backend])

describe('an order that ends connections', () => {
  it('without end, no connection drains', () => {
    expect(drainsAfter({ changes: [removal('10.0.0.1:80')] }, 100)).toEqual([])
  })

  it('those of removed backends and clusters drain, within drainMs', () => {
    const changes: Change[] = [removal('10.0.0.1:80'), { do: 'remove-cluster', cluster: 'old' }]
    expect(drainsAfter({ changes, end: true }, 100)).toEqual([
      { cluster: 'app', backend: '10.0.0.1:80', deadlineMs: 100 },
      { cluster: 'old', deadlineMs: 100 },
    ])
  })

  it.each([
    ['[::ffff:10.0.0.5]:80', '10.0.0.5:80'],
    ['10.0.0.5:080', '10.0.0.5:80'],
  ])('a backend that is written as %s has the name %s', (written, name) => {
    expect(drains(removal(written))).toEqual([['app', name]])
  })

  it('a backend that the order adds again with other values does not drain', () => {
    const again = addition({ address: '10.0.0.1:080', weight: 2 })
    expect(drains(removal('10.0.0.1:80'), again)).toEqual([])
    expect(drains(removal('10.0.0.1:80'), addition('10.0.0.1:80', 'other'))).toHaveLength(1)
    expect(drains(removal('10.0.0.1:80'), again, removal('10.0.0.1:80'))).toHaveLength(1)
  })

  it('a cluster that the order adds again does not drain, and none of its backends', () => {
    const spec = { backends: ['10.0.0.1:80'] }
    const changes: Change[] = [
      removal('10.0.0.1:80'),
      { do: 'remove-cluster', cluster: 'app' },
      { do: 'add-cluster', cluster: 'app', spec },
    ]
    expect(drains(...changes)).toEqual([])
  })

  it('a drain that fails is logged, unless nothing was left to drain', async () => {
    const failure = new Error('no answer')
    const answers = [unknownName('backend', '10.0.0.1:80'), failure]
    const orders = drainsAfter({ changes: [removal('10.0.0.1:80'), removal('10.0.0.2:80')], end: true }, 100)
    const logged = new Promise((resolve) => {
      const log = { error: (...line: unknown[]) => resolve(line) } as unknown as Log
      drainRemoved(orders, () => Promise.reject(answers.shift()), log)
    })
    const { deadlineMs } = orders[1]!
    expect(await logged).toEqual([
      { cluster: 'app', backend: '10.0.0.2:80', deadlineMs, err: failure },
      'the drain failed',
    ])
  })
})
