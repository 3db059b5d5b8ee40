import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { closeInOrder } from '../../src/probes/close-in-order.js'
import { type Peer, PeerServer } from '../support/peer.js'

/** Both ends of a connection. */
async function joined(): Promise<{ ours: Socket; backend: Peer }> {
  const server = await PeerServer.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 })
  const ours = connect((server.address as { port: number }).port, '127.0.0.1').on('error', () => {})
  const [backend] = await Promise.all([server.accepted(), once(ours, 'connect')])
  server.close()
  return { ours, backend }
}

it('a backend that sees FIN can still send, and is not reset', async () => {
  const { ours, backend } = await joined()
  closeInOrder(ours)
  expect(await backend.ended).toBe('fin')
  expect(ours.destroyed).toBe(false)
  backend.send(Buffer.alloc(100_000))
  expect(await backend.reallyEnded()).toBe('fin')
  backend.end()
  await once(ours, 'close')
  expect(ours.bytesRead).toBeGreaterThanOrEqual(100_000)
})

it('what a backend still sends is read to its end', async () => {
  const { ours, backend } = await joined()
  backend.send(Buffer.alloc(100_000))
  backend.end()
  const end = new Promise((resolve) =>
    ours.once('end', () => resolve('end')).once('close', () => resolve('close')),
  )
  closeInOrder(ours.pause())
  expect(await end).toBe('end')
  expect(ours.bytesRead).toBe(100_000)
})

it('a backend that sends without an end is reset', async () => {
  const { ours, backend } = await joined()
  closeInOrder(ours)
  backend.sendForEver(Buffer.alloc(64 * 1024))
  await once(ours, 'close')
  await backend.closed
  expect(ours.bytesRead).toBeLessThan(1024 ** 2)
})
