/** `adopt: false` leaves sockets to Node, and the record has the addresses of both peers, whoever carries the bytes. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { expect, test } from 'vitest'
import { pipe } from '../../src/index.js'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { temporaryFolder } from '../support/folder.js'

async function sockets(
  address: { port: number; host: string } | { path: string },
): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(address)
  await once(server, 'listening')
  const target = 'path' in address ? address : { ...address, port: (server.address() as AddressInfo).port }
  const far = connect({ ...target, allowHalfOpen: true })
  const [near] = (await once(server, 'connection')) as [Socket]
  server.close()
  return [far, near]
}
const folder = temporaryFolder()
const tcp = (host = '127.0.0.1'): Promise<[Socket, Socket]> => sockets({ port: 0, host })
const endOf = (stream: Duplex): Promise<unknown> => once(stream.resume(), 'end')

test.each([true, false, undefined])(
  'with adopt: %s the record has both addresses, and the bytes arrive',
  async (adopt) => {
    const [client, a] = await tcp()
    const [backend, b] = await tcp()
    const addresses = [client, backend].map(({ localPort }) => `127.0.0.1:${localPort}`)
    const running = pipe(a, b, { adopt })
    client.end('through')
    expect(String((await once(backend, 'data'))[0])).toBe('through')
    backend.end()
    await endOf(client)
    const record = await running
    expect([record.client, record.backendAddress]).toEqual(addresses)
    expect(record.ended.cause).toBe('finished')
  },
)

test('with adopt: false sockets emit "end" and "close" at the end of the connection, and count their bytes', async () => {
  const [client, a] = await tcp()
  const [backend, b] = await tcp()
  const events: string[] = []
  for (const event of ['end', 'close']) a.on(event, () => events.push(event))
  const running = pipe(a, b, { adopt: false })
  client.write('12345')
  await once(backend, 'data')
  expect({ events, read: a.bytesRead, written: b.bytesWritten }).toEqual({ events: [], read: 5, written: 5 })
  client.end()
  backend.end()
  await Promise.all([endOf(client), endOf(backend), once(a, 'close')])
  expect(events).toEqual(['end', 'close'])
  const { splicedUp, notSplicing } = await running
  const loop = kernelLoop()
  expect({ splicedUp, notSplicing }).toEqual({
    splicedUp: 0,
    notSplicing: loop instanceof KernelLoop ? 'switched-off' : loop,
  })
})

test('a socket that still connects tells its address when it is connected', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.end().resume()).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (const adopt of [true, false]) {
    const [client, a] = await tcp()
    const running = pipe(a, connect({ port, host: '127.0.0.1', allowHalfOpen: true }), { adopt })
    client.end().resume()
    expect((await running).backendAddress).toBe(`127.0.0.1:${port}`)
  }
  server.close()
})

test('an IPv6 address stands in brackets, and an IPv4 address that is mapped into IPv6 does not', async () => {
  const stream = (remoteAddress: unknown): Duplex =>
    Object.assign(duplexPair()[0], { remoteAddress, remotePort: 7 }) as Duplex
  const running = pipe(stream('2001:db8::1'), stream('::ffff:192.0.2.1'))
  running.close()
  expect(await running).toMatchObject({ client: '[2001:db8::1]:7', backendAddress: '192.0.2.1:7' })
})

test('a unix socket, and a stream whose address is none or throws, has no address in the record', async () => {
  const [far, near] = await sockets({ path: `${folder}/s.sock` })
  const throwing = Object.defineProperty(duplexPair()[0], 'remoteAddress', {
    get: () => {
      throw new Error('trap')
    },
  })
  const odd = Object.assign(duplexPair()[0], { remoteAddress: 'no\naddress', remotePort: 7 })
  for (const [client, backend] of [
    [near, throwing],
    [duplexPair()[0], odd],
  ] as [Duplex, Duplex][]) {
    const running = pipe(client, backend)
    running.close()
    expect(await running).toMatchObject({ client: undefined, backendAddress: undefined })
  }
  far.destroy()
})
