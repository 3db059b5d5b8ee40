/** Whom a proxy tells that a connection has passed a listener. */
import { expect, it } from 'vitest'
import type { Address } from '../../../src/address.js'
import type { Connector } from '../../../src/cluster/own-sockets.js'
import { validateConfig } from '../../../src/config/validate.js'
import { OwnCountsTable } from '../../../src/limits/counts/own-counts.js'
import type { Log } from '../../../src/observe/log/log.js'
import { createLoopGuard } from '../../../src/proxy/loops/loop-guard.js'

const INNER: Address = { kind: 'tcp', host: '127.0.0.1', port: 80 }
const FROM: Address = { kind: 'tcp', host: '127.0.0.1', port: 40_000 }

/** It never comes to an end. */
const engine: Connector = {
  dial: (_to, _connectMs, _done, setup) => {
    setup?.began?.(FROM)
    return { cancel: () => {} }
  },
}

function placesTold(workers: number, ownPart: boolean): number {
  const config = validateConfig({
    workers,
    listeners: [{ name: 'outer', address: '127.0.0.1:0', cluster: 'a' }],
    clusters: { a: { backends: ['127.0.0.1:80'] } },
  })
  const part = ownPart ? { worker: 0, workers } : { worker: 0, workers: 1 }
  const counts = new OwnCountsTable({ sources: 1000, processes: 2, part }).view(0)
  const guard = createLoopGuard({ engine, log: {} as Log }, config, counts)
  const place = { address: INNER, ipv6Only: false }
  guard.listeners.opened({ ...place, place, options: { name: 'inner', ...place }, isListening: true })
  guard.dial(INNER, 0, () => {}, undefined, { service: { name: 'outer' }, peer: undefined })
  return [...counts.sources('passed/outer')].length
}

it('a process without workers tells nobody which listeners a connection has passed, also after an upgrade', () => {
  expect(placesTold(1, false)).toBe(0)
})

it('workers tell each other which listeners a connection has passed, if they have a table together', () => {
  expect([placesTold(2, false), placesTold(2, true)]).toEqual([1, 0])
})
