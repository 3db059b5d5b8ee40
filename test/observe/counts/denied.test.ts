/** A listener counts the clients that it turned away on purpose, by reason, besides the ways in which connections ended. */
import { expect, it } from 'vitest'
import { ListenerMeter } from '../../../src/observe/counts/listener-meter.js'
import { DENIALS } from '../../../src/observe/endings.js'

const listener = {
  address: { kind: 'tcp', host: '127.0.0.1', port: 1 },
  isListening: true,
  shortage: undefined,
} as const

it('each reason to deny a client counts from 0', () => {
  expect(new ListenerMeter(listener).denied()).toEqual(DENIALS.map((why) => ({ why, count: 0 })))
})

it('a denied client counts for its reason and among the endings, and a client that finished only there', () => {
  const meter = new ListenerMeter(listener)
  const opening = { by: 'proxy', phase: 'opening' } as const
  meter.finished('', { ...opening, cause: 'rejected: no such tenant' })
  meter.finished('', { ...opening, cause: 'denied: list deny.txt' })
  meter.finished('', { ...opening, cause: 'denied: list other.txt' })
  meter.finished('web', { by: 'proxy', phase: 'connect', cause: 'source-limit: rate' })
  meter.finished('web', { by: 'client', phase: 'data', cause: 'finished' })
  expect(meter.denied().filter(({ count }) => count > 0)).toEqual([
    { why: 'rejected', count: 1 },
    { why: 'list', count: 2 },
    { why: 'rate', count: 1 },
  ])
  expect(
    meter.endings('front').map(({ cluster, cause, count, outcome }) => [cluster, cause, count, outcome]),
  ).toEqual([
    ['', 'rejected', 1, 'denied'],
    ['', 'denied', 2, 'denied'],
    ['web', 'source-limit', 1, 'denied'],
    ['web', 'finished', 1, 'ordinary'],
  ])
})
