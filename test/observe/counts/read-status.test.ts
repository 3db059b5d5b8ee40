/** A status that another process sent, perhaps of another version. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { validateConfig } from '../../../src/config/validate.js'
import { mergeStatuses } from '../../../src/observe/counts/merge.js'
import { pastOf } from '../../../src/observe/counts/past.js'
import { readStatus } from '../../../src/observe/counts/read-status.js'
import { renderMetrics } from '../../../src/observe/metrics/metrics.js'
import { RunningProxy } from '../../../src/proxy/running-proxy.js'

const config = validateConfig({
  listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back' }],
  clusters: { back: { backends: ['127.0.0.1:1'] } },
  log: { level: 'silent' },
})
const own = new RunningProxy(config).status()
const sent = (status: object): unknown => JSON.parse(JSON.stringify(status))

it('a status of the same version is read as it was sent', () => {
  expect(sent(readStatus(sent(own)))).toEqual(sent(own))
})

it('fields that this version does not know are left out, and counts that are missing are 0', () => {
  const { workerDeaths, listeners, ...rest } = own
  const { accepted, ...listener } = listeners[0]!
  const read = readStatus(sent({ ...rest, listeners: [{ ...listener, news: 1 }], more: { a: 1 } }))
  expect(read.workerDeaths).toBe(0)
  expect(read.listeners[0]!.accepted).toBe(0)
  expect(Object.keys(read)).toEqual(expect.not.arrayContaining(['more']))
  expect(Object.keys(read.listeners[0]!)).toEqual(expect.not.arrayContaining(['news']))
})

it('a row without its name is left out', () => {
  const { name, ...nameless } = own.clusters[0]!
  expect(readStatus(sent({ ...own, clusters: [nameless] })).clusters).toEqual([])
})

it('whatever another process sends can be merged and shown', () => {
  const keys = Object.keys(own)
  const values = fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.values(sent(own) as object)))
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), values), (told) => {
      const merged = mergeStatuses([own, pastOf(readStatus(told))])
      expect(merged.listeners.map(({ name }) => name)).toEqual(['front'])
      expect(renderMetrics(merged)).not.toContain('NaN')
    }),
    { numRuns: 200 },
  )
})
