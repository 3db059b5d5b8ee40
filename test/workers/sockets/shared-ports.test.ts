/** Where workers listen: each listener with port 0 gets a free port of its own. */
import { expect, test } from 'vitest'
import type { Address } from '../../../src/address.js'
import { validateConfig } from '../../../src/config/validate.js'
import type { Engine } from '../../../src/io/engine.js'
import { StreamEngine } from '../../../src/io/streams/stream-engine.js'
import { assignPorts } from '../../../src/workers/sockets/shared-ports.js'

/** A system that gives the lowest free port, so it gives a port again as soon as it is free. */
class LowestPorts extends StreamEngine {
  readonly taken = new Set<number>()

  override async listen(asked: Address): ReturnType<Engine['listen']> {
    let port = 1000
    while (this.taken.has(port)) port++
    this.taken.add(port)
    const address = asked.kind === 'tcp' ? { ...asked, port } : asked
    const nothing = { pause: () => {}, resume: () => {}, putBack: () => {}, leave: async () => {} }
    return { address, fds: [], ...nothing, update: () => {}, close: () => void this.taken.delete(port) }
  }
}

test('listeners with port 0 get different ports, which are free for the workers', async () => {
  const engine = new LowestPorts('switched-off')
  const config = validateConfig({
    listeners: ['a', 'b', 'c'].map((name) => ({ name, address: '127.0.0.1:0', cluster: 'only' })),
    clusters: { only: { backends: ['127.0.0.1:9'] } },
  })
  const assigned = await assignPorts(config, undefined, engine)
  expect(assigned.config.listeners.map(({ address }) => address)).toEqual(
    [1000, 1001, 1002].map((port) => ({ kind: 'tcp', host: '127.0.0.1', port })),
  )
  expect([...engine.taken]).toEqual([])
})
