/** A signal, and the end of a block, end a pipe: in order, or with a reset if bytes are in flight, whatever carries them. */
import { getEventListeners, once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type PipeOptions, pipe } from '../../src/index.js'
import { pattern } from '../support/bytes.js'
import { Peer } from '../support/peer.js'
import { settled } from '../support/wait.js'

async function sockets(): Promise<[Duplex, Duplex]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [near] = (await once(server, 'connection')) as [Socket]
  server.close()
  return [far, near]
}

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

describe.each<[string, () => Promise<[Duplex, Duplex]>]>([
  ['sockets', sockets],
  ['streams', async () => duplexPair() as [Duplex, Duplex]],
])('a signal for a pipe between %s', (kind, pair) => {
  async function joined(options: PipeOptions) {
    const [client, a] = await pair()
    const [backend, b] = await pair()
    return { client, backend, running: pipe(a, b, options) }
  }

  test('that aborts while nothing is in flight ends both sides in order, and the record has its reason', async () => {
    const controller = new AbortController()
    const { client, backend, running } = await joined({ signal: controller.signal })
    client.write('over')
    expect(String((await once(backend, 'data'))[0])).toBe('over')
    expect(listenersOf(controller.signal)).toBe(1)
    const reason = new Error('enough')
    const ended = Promise.all([once(client.resume(), 'end'), once(backend.resume(), 'end')])
    controller.abort(reason)
    expect(await running).toMatchObject({ bytesUp: 4, ended: { by: 'proxy', cause: 'ordered', reason } })
    await ended
    expect(listenersOf(controller.signal)).toBe(0)
    client.destroy()
    backend.destroy()
  })

  test('that has aborted before ends the pipe at once', async () => {
    const { client, backend, running } = await joined({ signal: AbortSignal.abort('before') })
    expect(await running).toMatchObject({
      bytesUp: 0,
      ended: { by: 'proxy', cause: 'ordered', reason: 'before' },
    })
    client.destroy()
    backend.destroy()
  })

  test('that never aborts keeps no listener of the pipe, and the record has no reason', async () => {
    const { signal } = new AbortController()
    const { client, backend, running } = await joined({ signal })
    client.resume().end()
    backend.resume().end()
    const { ended } = await running
    expect(ended).toMatchObject({ cause: 'finished' })
    expect(ended).not.toHaveProperty('reason')
    expect(listenersOf(signal)).toBe(0)
  })

  test.runIf(kind === 'sockets')('that aborts while bytes are in flight resets both sides', async () => {
    const controller = new AbortController()
    const [far, a] = await pair()
    const [slow, b] = await pair()
    const client = new Peer(far as Socket)
    const backend = new Peer(slow as Socket)
    backend.pause()
    const running = pipe(a, b, { signal: controller.signal })
    client.send(pattern(1, 24 * 1024 * 1024))
    await settled(() => running.totals().receivedUp)
    controller.abort()
    expect((await running).ended).toMatchObject({ cause: 'ordered' })
    expect(await client.ended).toBe('ECONNRESET')
    backend.socket.destroy()
    await backend.closed
  })
})

test('a pipe that close() ended has no reason of its signal', async () => {
  const controller = new AbortController()
  const running = pipe(duplexPair()[0], duplexPair()[0], { signal: controller.signal })
  running.close()
  controller.abort('late')
  expect((await running).ended).toEqual({ by: 'proxy', cause: 'ordered', waitedFor: undefined })
})

test('`using` closes a pipe, and `await using` waits until it is over', async () => {
  const closed = pipe(duplexPair()[0], duplexPair()[0])
  closed[Symbol.dispose]()
  expect((await closed).ended.cause).toBe('ordered')
  const waited = pipe(duplexPair()[0], duplexPair()[0])
  let isOver = false
  void waited.then(() => {
    isOver = true
  })
  await waited[Symbol.asyncDispose]()
  expect(isOver).toBe(true)
})
