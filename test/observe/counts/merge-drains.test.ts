/** Drains of several workers. Each worker drains its part of the same listener, cluster or backend. */
import { expect, it } from 'vitest'
import { validateConfig } from '../../../src/config/validate.js'
import { mergeStatuses } from '../../../src/observe/counts/merge.js'
import type { DrainStatus } from '../../../src/observe/status.js'
import { RunningProxy } from '../../../src/proxy/running-proxy.js'

const config = validateConfig({
  listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back' }],
  clusters: { back: { backends: ['127.0.0.1:1'] } },
  log: { level: 'silent' },
})
const statusWith = (...drains: DrainStatus[]) => ({ ...new RunningProxy(config).status(), drains })

it('mergeStatuses adds up drains of the same scope, and takes their earliest deadline', () => {
  const early = '2026-01-01T00:00:00.000Z'
  const late = '2026-01-01T00:00:00.005Z'
  const front = { listener: 'front' }
  const back = { cluster: 'back' }
  const { drains } = mergeStatuses([
    statusWith({ scope: front, left: 2, deadlineAt: late }, { scope: back, left: 1, deadlineAt: undefined }),
    statusWith({ scope: front, left: 3, deadlineAt: early }),
  ])
  expect(drains).toEqual([
    { scope: front, left: 5, deadlineAt: early },
    { scope: back, left: 1, deadlineAt: undefined },
  ])
})
