/** Whatever a backend does and whenever a check is cancelled: there is one result at most, and nothing is left. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { askAgent } from '../../src/probes/agent.js'
import type { Check, Probing } from '../../src/probes/check.js'
import { probe } from '../../src/probes/probe.js'
import { openedSince, openFds } from '../support/fds.js'
import { Peer } from '../support/peer.js'
import { turns, until } from '../support/wait.js'
import { expected, HTTP, script, TCP, TLS, targetAt } from './rig.js'

/** What a backend does next. A number: it waits for so many turns of the event loop. Text: it sends it. */
type Act = string | number | 'data' | 'end' | 'reset' | 'flood'

const CHECKS: Readonly<Record<string, Check>> = {
  tcp: TCP,
  tls: TLS,
  http: HTTP,
  ping: script({ send: 'PING' }, expected('PONG')),
  banner: script(expected('220 ', 0), { send: 'QUIT\r\n' }),
}

interface Scenario {
  readonly kind: string
  readonly acts: readonly Act[]
  /** After so many turns. Undefined: never. */
  readonly cancelAfter: number | undefined
  readonly sendProxy: 'v1' | 'v2' | undefined
}

const scenario: fc.Arbitrary<Scenario> = fc.record({
  kind: fc.constantFrom(...Object.keys(CHECKS), 'agent'),
  acts: fc.array(
    fc.oneof(
      fc.constantFrom<Act>('data', 'end', 'reset', 'flood'),
      fc.constantFrom<Act>(
        'HTTP/1.1 200 OK\r\n\r\n',
        'HTTP/1.1 1',
        '220 ',
        'PONG',
        'up\n',
        '\x16\x03\x01',
        '\0',
        '\r\n',
      ),
      fc.nat(4),
    ),
    { maxLength: 5 },
  ),
  cancelAfter: fc.option(fc.nat(8), { nil: undefined }),
  sendProxy: fc.constantFrom('v1', 'v2', undefined),
})

async function act(peer: Peer, acts: readonly Act[]): Promise<void> {
  const { socket } = peer
  for (const what of acts) {
    if (typeof what === 'number') await turns(what)
    else if (what === 'data') await Promise.race([once(socket, 'data'), peer.closed])
    else if (what === 'end') peer.end()
    else if (what === 'reset') peer.reset()
    else if (!socket.writable) return
    else if (what === 'flood') peer.sendForEver(Buffer.alloc(64 * 1024))
    else peer.send(Buffer.from(what, 'latin1'))
  }
}

/** Returns how many results there were. */
async function play({ kind, acts, cancelAfter, sendProxy }: Scenario): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    act(new Peer(socket), acts).catch(() => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  let results = 0
  const target = targetAt(port, { timeoutMs: 50, sendProxy })
  await new Promise<void>((resolve) => {
    const done = (): void => {
      results++
      resolve()
    }
    const what = CHECKS[kind]
    const probing: Probing =
      what === undefined ? askAgent({ ...target, send: '' }, done) : probe(what, target, done)
    expect(results).toBe(0)
    if (cancelAfter !== undefined) void turns(cancelAfter).then(() => resolve(probing.cancel()))
  })
  const resultsBefore = results
  await turns(10)
  expect(results).toBe(resultsBefore)
  server.close()
  for (const socket of sockets) socket.destroy()
  return results
}

it('a check has exactly one result, or none if it is cancelled first, and leaves no fd and no timer', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const fdsBefore = openFds()
  const timersBefore = timers()
  await fc.assert(
    fc.asyncProperty(fc.array(scenario, { minLength: 20, maxLength: 20 }), async (scenarios) => {
      const results = await Promise.all(scenarios.map(play))
      for (const [index, { cancelAfter }] of scenarios.entries()) {
        if (cancelAfter === undefined) expect(results[index]).toBe(1)
        else expect(results[index]).toBeLessThanOrEqual(1)
      }
      await until(() => openedSince(fdsBefore).length === 0)
      expect(timers()).toBeLessThanOrEqual(timersBefore)
    }),
    { numRuns: 25 },
  )
})

it('a check that is cancelled at once never connects', async () => {
  let clients = 0
  const server = createServer(() => clients++).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  let results = 0
  for (const what of Object.values(CHECKS)) probe(what, targetAt(port), () => results++).cancel()
  await turns(20)
  expect([clients, results]).toEqual([0, 0])
  server.close()
})

it('a check that is cancelled twice, or in its own result, stays as it is', async () => {
  let results = 0
  const server = createServer((socket) =>
    socket
      .on('error', () => {})
      .resume()
      .write('220 hello\r\n'),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => {
    const own = probe(CHECKS.banner!, targetAt(port), () => {
      results++
      own.cancel()
      own.cancel()
      resolve()
    })
  })
  await turns(10)
  expect(results).toBe(1)
  server.close()
  await once(server, 'close')
})

it('a connection whose backend does not close after the answer is closed all the same', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket
      .on('error', () => {})
      .resume()
      .write('220 hello\r\n')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const arrived = once(server, 'connection') as Promise<[Socket]>
  const before = openFds()
  probe(CHECKS.banner!, targetAt(port), () => {})
  const [socket] = await arrived
  // The socket of the check is gone. That of the backend is still there.
  await until(() => openedSince(before).length === 1 && socket.bytesRead > 0)
  socket.destroy()
  server.close()
})

it('a check is not late because its own process was busy', async () => {
  const answer = createServer((socket) =>
    socket
      .on('error', () => {})
      .resume()
      .write('220 hello\r\n'),
  ).listen(0, '127.0.0.1')
  await once(answer, 'listening')
  const { port } = answer.address() as AddressInfo
  const result = new Promise<{ reason: string }>((resolve) => {
    probe(CHECKS.banner!, targetAt(port, { timeoutMs: 300 }), resolve)
  })
  // The deadline is over before the process reads the first event.
  for (const end = performance.now() + 700; performance.now() < end; );
  expect(await result).toMatchObject({ reason: 'L7OK' })
  answer.close()
})
