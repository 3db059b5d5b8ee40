/** Datagrams by UDP to a host that has no address yet, gets another one, or has one too late. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Datagrams, type LookUp, openDatagrams } from '../../src/io/datagrams.js'
import { advanceClock, restoreClock, stopClock } from '../support/clock.js'
import { until } from '../support/wait.js'

describe('datagrams by UDP', () => {
  let receiver: Socket
  let received: string[]
  let port: number
  let datagrams: Datagrams | undefined
  beforeEach(async () => {
    received = []
    receiver = createSocket('udp4').bind(0, '127.0.0.1')
    receiver.on('message', (bytes) => received.push(bytes.toString()))
    await once(receiver, 'listening')
    port = receiver.address().port
  })
  afterEach(() => {
    restoreClock()
    datagrams?.close()
    receiver.close()
  })

  const open = (lookUp: LookUp): Datagrams => {
    datagrams = openDatagrams({ kind: 'udp', host: 'logs.example.com', port }, lookUp)
    return datagrams
  }
  const send = (text: string): Promise<string> =>
    new Promise((resolve) => datagrams!.send(Buffer.from(text), resolve))

  it('until its host has an address, a datagram has no room, and a second later the host is looked up again', async () => {
    stopClock()
    let answers: (Error | null)[] = [Object.assign(new Error('not now'), { code: 'EAI_AGAIN' })]
    let asked = 0
    open((_, found) => {
      asked++
      found(answers.shift() ?? null, '127.0.0.1')
    })
    expect([await send('early'), await send('early'), asked]).toEqual(['EAGAIN', 'EAGAIN', 1])
    advanceClock(1000)
    expect([await send('late'), await send('later'), asked]).toEqual(['', '', 2])
    answers = [new Error('gone')]
    advanceClock(30_000)
    expect([await send('last'), asked]).toEqual(['', 3])
    await until(() => received.length === 3)
    expect(received).toEqual(['late', 'later', 'last'])
  })

  it('a host can get an address of the other family', async () => {
    stopClock()
    const answers = ['::1', '127.0.0.1']
    open((_, found) => found(null, answers.shift()!))
    advanceClock(30_000)
    expect(await send('here')).toBe('')
    await until(() => received.length === 1)
  })

  it('after a close nothing is sent, also if the address comes later', async () => {
    let found: Parameters<LookUp>[1] | undefined
    open((_, done) => {
      found = done
    })
    expect(await send('early')).toBe('EAGAIN')
    datagrams!.close()
    found!(null, '127.0.0.1')
    expect(await send('late')).toBe('EBADF')
  })
})
