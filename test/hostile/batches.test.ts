/** One callback ends, dials and reuses connections that have events in the same batch. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pattern } from '../support/bytes.js'
import { carriages } from '../support/carriages.js'
import { type Joined, Rig } from '../support/rig.js'
import { turns } from '../support/wait.js'

const CONNECTIONS = 40

describe.each(carriages())('a batch of events with the $name', (carriage) => {
  let rig: Rig
  beforeEach(() => {
    rig = new Rig(carriage)
  })
  afterEach(async () => {
    expect(await rig.finish()).toEqual([])
  })

  const several = (count: number): Promise<Joined[]> =>
    Promise.all(Array.from({ length: count }, () => rig.join()))

  /** Checks that the connections work and get no bytes of others. */
  async function expectToWork(connections: readonly Joined[]): Promise<void> {
    for (const [i, { client, backend }] of connections.entries()) {
      client.send(pattern(i, 3000))
      backend.send(pattern(1000 + i, 3000))
    }
    for (const { client, backend } of connections) {
      await Promise.all([client.receive(3000), backend.receive(3000)])
      expect(backend.missingFrom(client)).toBeUndefined()
      expect(client.missingFrom(backend)).toBeUndefined()
    }
  }

  test('an end callback that ends 40 other pipes with events in the same batch harms no later pipe', async () => {
    const others = await several(CONNECTIONS)
    const first = await rig.join({
      onEnd: () => {
        for (const { pipe } of others) pipe.end('ordered')
      },
    })
    for (const { client, backend } of others) {
      client.send(pattern(1, 100))
      backend.send(pattern(2, 100))
    }
    first.client.end()
    first.backend.end()
    await Promise.all([first, ...others].map(({ ended }) => ended))
    await expectToWork(await several(3))
  })

  test('new connections that reuse fds of the same batch get only their own events', async () => {
    const bystanders = await several(5)
    for (let round = 0; round < 5; round++) {
      let next: Promise<Joined[]> | undefined
      const others = await several(CONNECTIONS / 4)
      const first = await rig.join({
        onEnd: () => {
          for (const { pipe } of others) pipe.end('ordered')
          next = several(CONNECTIONS / 4)
        },
      })
      for (const { client } of others) client.reset()
      first.client.end()
      first.backend.end()
      await first.ended
      await turns(round)
      await expectToWork(await next!)
    }
    await expectToWork(bystanders)
  })
})
