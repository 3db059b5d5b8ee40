import { beforeEach, expect, test } from 'vitest'
import type { SharedVerdict } from '../../../src/cluster/shared-verdict.js'
import type { ToWorker } from '../../../src/workers/messages.js'
import type { WorkerChannel } from '../../../src/workers/slots/worker-channel.js'
import { SharedVerdicts } from '../../../src/workers/state/shared-verdicts.js'

let now: number
let shared: SharedVerdicts
let told: [number, SharedVerdict][]
let workers: WorkerChannel[]
beforeEach(() => {
  now = 0
  told = []
  shared = new SharedVerdicts(() => now)
  workers = [0, 1, 2].map(
    (slot) =>
      ({
        slot,
        send: (message: ToWorker) => {
          if (message.kind !== 'verdicts') return
          for (const { verdict } of message.verdicts) told.push([slot, verdict as SharedVerdict])
        },
      }) as WorkerChannel,
  )
})

const FAILED = { judgedBy: 'connects', reason: 'L4CON', detail: undefined, restMs: 1000, times: 1 } as const
const ejected = (restMs = 1000): SharedVerdict => ({
  about: 'backend',
  cluster: 'db',
  backend: 'a:1',
  verdict: { ...FAILED, restMs },
})
const works: SharedVerdict = { about: 'backend', cluster: 'db', backend: 'a:1', verdict: undefined }
const moved = (tier: number | undefined, version: number): SharedVerdict => ({
  about: 'tier',
  cluster: 'db',
  moved: { tier, version, isFailback: false },
})

test('what one worker finds out about a backend is told to the others, and not to itself', () => {
  shared.heard(workers[1]!, ejected(), workers)
  expect(told).toEqual([
    [0, ejected()],
    [2, ejected()],
  ])
})

test('a new worker learns of an ejection for the time that is left, and of none that is over', () => {
  shared.heard(workers[0]!, ejected(), workers)
  now = 400
  expect(shared.present).toEqual([ejected(600)])
  now = 1000
  expect(shared.present).toEqual([])
})

test('a new worker learns nothing of a backend that works again', () => {
  shared.heard(workers[0]!, ejected(), workers)
  shared.heard(workers[2]!, works, workers)
  expect(shared.present).toEqual([])
})

test('a new worker learns of a backend that is down and not skipped, until a worker reaches it', () => {
  shared.heard(workers[0]!, ejected(0), workers)
  now = 3_600_000
  expect(shared.present).toEqual([ejected(0)])
  shared.heard(workers[1]!, works, workers)
  expect(shared.present).toEqual([])
})

test('after a failback a new worker does not learn of failures that were forgiven', () => {
  shared.heard(workers[0]!, ejected(), workers)
  shared.failback('db', workers)
  expect(shared.present.filter(({ about }) => about === 'backend')).toEqual([])
})

test('a cluster that goes back by itself has not moved, also if it stays again after another reload', () => {
  shared.heard(workers[0]!, moved(1, 0), workers)
  shared.forgetTiersUnless((name) => name !== 'db')
  expect(shared.present).toEqual([])
})

test('if two workers move a cluster at the same time, the first one decides for all', () => {
  shared.heard(workers[0]!, moved(1, 0), workers)
  shared.heard(workers[1]!, moved(2, 0), workers)
  expect(told).toEqual([0, 1, 2].map((slot) => [slot, moved(1, 1)]))
  expect(shared.present).toEqual([moved(1, 1)])
})

test('a worker that knows the present tier can move the cluster on', () => {
  shared.heard(workers[0]!, moved(1, 0), workers)
  shared.heard(workers[1]!, moved(2, 1), workers)
  expect(shared.present).toEqual([moved(2, 2)])
})

test('a failback overrules what a worker said before it', () => {
  shared.heard(workers[0]!, moved(1, 0), workers)
  shared.failback('db', workers)
  shared.heard(workers[1]!, moved(1, 1), workers)
  expect(shared.present).toEqual([moved(undefined, 2)])
  expect(told.at(-1)).toEqual([
    2,
    { ...moved(undefined, 2), moved: { tier: undefined, version: 2, isFailback: true } },
  ])
})

test('what no config names any more is forgotten, and workers that still know its version may move it again', () => {
  shared.heard(workers[0]!, moved(1, 0), workers)
  shared.heard(workers[0]!, ejected(), workers)
  shared.forgetUnless(() => false)
  expect(shared.present).toEqual([])
  shared.heard(workers[0]!, moved(1, 5), workers)
  expect(shared.present).toEqual([moved(1, 6)])
})

test('a check that passes ends an ejection for failed connects, and one that has read an answer ends any', () => {
  shared.heard(workers[0]!, ejected(), workers)
  expect(shared.passed('db', 'b:1', 'L4OK')).toBe(false)
  expect(shared.passed('db', 'a:1', 'L4OK')).toBe(true)
  expect(shared.present).toEqual([])
  const unanswered = { ...ejected(), verdict: { ...FAILED, judgedBy: 'answers' } } as SharedVerdict
  shared.heard(workers[0]!, unanswered, workers)
  shared.passed('db', 'a:1', 'L4OK')
  expect(shared.present).toHaveLength(1)
  shared.passed('db', 'a:1', 'L7OK')
  expect(shared.present).toEqual([])
})
