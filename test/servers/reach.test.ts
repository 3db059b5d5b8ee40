/** The way to a host: which of its addresses are connected to, in which order, and for how long. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { AddressCheck } from '../../src/cluster/egress/address-check.js'
import type { AddressRecord, Answer, DnsClient } from '../../src/dns/client.js'
import { Refused } from '../../src/servers/outcome.js'
import { reach } from '../../src/servers/reach.js'
import { within } from '../../src/servers/within.js'
import { closedPort } from '../support/closed-port.js'
import { SilentBackend } from '../support/silent-backend.js'
import { backend } from './servers.js'

const OWN = { has: () => false, listensAt: () => false }
const never = () => new AbortController().signal
const server = (port: number) => ({ host: 'a.example.com', isAddress: false, port })

/** A resolver that has these answers, one after the other. */
function resolver(...answers: (readonly string[] | 'SERVFAIL' | undefined)[]) {
  const asked: string[] = []
  const cancelled: string[] = []
  const addresses: DnsClient['addresses'] = (host, done) => {
    const answer = answers[asked.length]
    asked.push(host)
    queueMicrotask(() => {
      if (answer !== undefined) done(toAnswer(answer))
    })
    return { cancel: () => void cancelled.push(host) }
  }
  return { asked, cancelled, names: { addresses } as DnsClient }
}

const toAnswer = (answer: readonly string[] | 'SERVFAIL'): Answer<AddressRecord> =>
  answer === 'SERVFAIL'
    ? { kind: 'failed', code: answer }
    : { kind: 'records', records: answer.map((ip) => ({ ip, ttlMs: 0 })), failedFamily: undefined }

const way = (names: DnsClient, networks: readonly string[], connectTimeoutMs = 0) => ({
  names,
  addresses: new AddressCheck(networks, OWN),
  connectTimeoutMs,
})

describe('reach', () => {
  test('a name is resolved once without search domains, and only allowed addresses are connected to', async () => {
    const port = await backend((socket) => void socket.end(), '127.0.0.3')
    const { names, asked } = resolver(['10.0.0.1', '127.0.0.2', '127.0.0.3'], ['10.0.0.1'])
    const reached = await reach(server(port), way(names, ['127.0.0.3']), never())
    expect(reached.address).toBe(`127.0.0.3:${port}`)
    expect(asked).toEqual(['a.example.com.'])
    reached.socket.destroy()
    await once(reached.socket, 'close')
  })

  test('an address that refuses gives way to the next, and IPv6 to IPv4', async () => {
    const port = await backend((socket) => void socket.end(), '127.0.0.3')
    const { names } = resolver(['::1', '127.0.0.2', '127.0.0.3'])
    const { socket, address } = await reach(server(port), way(names, ['127.0.0.0/8', '::1'], 5000), never())
    expect(address).toBe(`127.0.0.3:${port}`)
    socket.destroy()
  })

  test('at most four addresses are tried', async () => {
    const port = await closedPort()
    const target = await backend(() => {}, '127.0.0.9')
    const ips = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.9']
    await expect(
      reach(server(target), way(resolver(ips).names, ['127.0.0.0/8']), never()),
    ).rejects.toMatchObject({
      outcome: 'connect-failed',
      reason: 'ECONNREFUSED',
    })
    await expect(reach(server(port), way(resolver([]).names, []), never())).rejects.toThrow(Refused)
  })

  test('a name of which nobody could say anything is not resolved', async () => {
    const failed = reach(server(1), way(resolver('SERVFAIL').names, []), never())
    await expect(failed).rejects.toMatchObject({ outcome: 'not-resolved', reason: 'SERVFAIL' })
  })

  test('a question is cancelled when the client goes away', async () => {
    const { names, cancelled } = resolver(undefined)
    const gone = new AbortController()
    const waiting = within(0, 'connect-timeout', gone.signal, (signal) =>
      reach(server(1), way(names, []), signal),
    )
    queueMicrotask(() => setImmediate(() => gone.abort()))
    await expect(waiting).rejects.toMatchObject({ outcome: 'client-gone' })
    expect(cancelled).toEqual(['a.example.com.'])
  })

  test('an address that does not answer leaves time for the others, and is a timeout if it is alone', async () => {
    const silent = await SilentBackend.listen()
    const other = createServer().listen(silent.port, '127.0.0.3')
    onTestFinished(async () => {
      other.close()
      await silent.close()
    })
    await once(other, 'listening')
    const { names } = resolver(['127.0.0.1', '127.0.0.3'], ['127.0.0.1'])
    const patient = way(names, ['127.0.0.0/8'], 60)
    const { socket, address } = await reach(server(silent.port), patient, never())
    expect(address).toBe(`127.0.0.3:${silent.port}`)
    socket.destroy()
    const alone = reach(server(silent.port), patient, never())
    await expect(alone).rejects.toMatchObject({ outcome: 'connect-timeout', status: 504, reply: 4 })
  })
})
