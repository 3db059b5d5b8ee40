/** The counts of a process outlive it, and nothing else of it does. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { mergeStatuses } from '../../../src/observe/counts/merge.js'
import { addPasts, pastOf } from '../../../src/observe/counts/past.js'
import { Bed } from '../../proxy/bed.js'
import { Backend } from '../../support/backend.js'

let backend: Backend
let bed: Bed
beforeEach(async () => {
  backend = (await Backend.listen()).echo()
  bed = await Bed.start({ backends: [backend] })
  for (let i = 0; i < 3; i++) {
    const client = await bed.connect()
    client.send(Buffer.alloc(100))
    await client.receive(100)
    if (i > 0) continue
    client.end()
    await client.ended
    await bed.recorded(1)
  }
})
afterEach(async () => {
  await bed.end()
  await backend.close()
})

it('the counts of a dead worker are added to those of the others', () => {
  const eventLoopDelaySeconds = { bounds: [0.1], counts: [3, 0], sum: 0.5 }
  const status = { ...bed.proxy.status(), eventLoopDelaySeconds }
  const merged = mergeStatuses([status, pastOf(status)])
  expect(merged).toMatchObject({
    workers: 1,
    state: 'running',
    cpuSeconds: 2 * status.cpuSeconds,
    eventLoopDelaySeconds: { counts: [6, 0], sum: 1 },
    connections: { active: 2, ended: 2, bytesUp: 600 },
    listeners: [{ active: 2, accepted: 6, ended: 2, isListening: true }],
    clusters: [{ active: 2, ended: 2, backends: [{ active: 2, connections: 6 }] }],
    records: { written: 2 },
    processes: [{}],
    pastListeners: [],
    pastClusters: [],
  })
  expect(merged.endings.filter(({ count }) => count > 0)).toMatchObject([{ cause: 'finished', count: 2 }])
})

it('the past of a dead worker changes no state of the others', () => {
  const status = bed.proxy.status()
  const fresh = { ...pastOf(status), state: 'new' as const }
  const down = {
    ...status.clusters[0]!.backends[0]!,
    state: 'down' as const,
    setTo: 'maint' as const,
    restingMs: 7,
  }
  const resting = { ...status, clusters: [{ ...status.clusters[0]!, backends: [down] }] }
  const [merged] = mergeStatuses([pastOf(status), resting]).clusters
  expect(merged!.backends).toMatchObject([{ state: 'down', setTo: 'maint', weight: 1, restingMs: 7 }])
  expect(mergeStatuses([fresh, pastOf(status)]).state).toBe('new')
})

it('the past of a dead worker is kept for at most 1000 listeners and clusters that no other has', () => {
  const status = bed.proxy.status()
  const [listener] = status.listeners
  const [cluster] = status.clusters
  const nameless = { ...status, listeners: [], clusters: [] }
  const merged = mergeStatuses([nameless, pastOf(status)])
  expect(merged).toMatchObject({ listeners: [], clusters: [] })
  expect(merged.pastListeners).toMatchObject([{ name: 'front', accepted: 3, active: 0, isLeaving: true }])
  expect(merged.pastClusters).toMatchObject([{ name: 'back', pastBackends: [{ connections: 3, active: 0 }] }])
  const many = Array.from({ length: 1100 }, (_, i) => i)
  const listeners = many.map((i) => ({ ...listener!, name: `l${i}` }))
  const clusters = many.map((i) => ({ ...cluster!, name: `c${i}` }))
  const past = addPasts(pastOf(nameless), pastOf({ ...status, listeners, clusters }))
  expect([past.pastListeners.length, past.pastClusters.length]).toEqual([1000, 1000])
  expect(past.pastClusters.at(-1)!.name).toBe('c1099')
})
