/** Clients that send garbage, nothing, a byte at a time, an urgent byte or a reset affect only their own connection. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import type { Peer } from '../support/peer.js'
import { areMissing, Program } from '../support/programs.js'
import { Bed } from './bed.js'

/** Sends "abc", an urgent "X" and "def", and closes its direction. */
const URGENT = `use Socket; socket(S, PF_INET, SOCK_STREAM, 0); connect(S, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die;
  send(S, "abc", 0); send(S, "X", MSG_OOB); send(S, "def", 0); shutdown(S, 1); sysread(S, $_, 1);`

export function describeHostileClients(): void {
  let backend: Backend
  let bed: Bed
  let good: Peer
  let goodPeer: Peer

  beforeEach(async () => {
    backend = await Backend.listen()
    bed = await Bed.start({ backends: [backend], timeouts: { idleMs: 0 } })
    good = await bed.connect()
    goodPeer = await backend.accepted()
  })
  afterEach(async () => {
    // An honest connection from before still works, whatever the hostile client has done.
    good.send(pattern(1, 100_000))
    good.end()
    await goodPeer.receive(100_000)
    expect(goodPeer.missingFrom(good)).toBeUndefined()
    goodPeer.end()
    expect(await good.ended).toBe('fin')
    expect(bed.logged.filter(({ level }) => level === 'error')).toEqual([])
    await bed.end()
  })

  it('garbage of a client is passed on unchanged', async () => {
    const hostile = await bed.connect()
    const peer = await backend.accepted()
    hostile.send(
      Buffer.from('\x16\x03\x01\xff\xff\0\0PROXY UNKNOWN\r\n\r\n\0\xff GET / HTTP/9.9\r\n', 'latin1'),
    )
    hostile.end()
    expect(await peer.ended).toBe('fin')
    expect(peer.missingFrom(hostile)).toBeUndefined()
    peer.end()
    expect(await bed.recorded(1)).toMatchObject([{ termination: '--' }])
  })

  it('bytes that a client sends one at a time arrive one at a time', async () => {
    const hostile = await bed.connect()
    const peer = await backend.accepted()
    for (let i = 1; i <= 200; i++) {
      hostile.send(pattern(2, 1, i))
      await peer.receive(i)
    }
    expect(peer.missingFrom(hostile)).toBeUndefined()
    hostile.end()
    peer.end()
    expect(await bed.recorded(1)).toMatchObject([{ bytesUp: 200, termination: '--' }])
  })

  it('hundreds of clients that send nothing cost nobody a byte', async () => {
    const silent = await Promise.all(Array.from({ length: 200 }, () => bed.connect()))
    expect(bed.proxy.status().connections).toMatchObject({ bytesUp: 0, bytesDown: 0 })
    for (const hostile of silent) hostile.reset()
    const records = await bed.recorded(200)
    for (const { termination } of records) expect(termination).toMatch(/^(CD|CC)$/)
  })

  it('a client that resets at once leaves a record and nothing else', async () => {
    for (let i = 0; i < 50; i++) {
      const hostile = await bed.connect()
      hostile.reset()
      await hostile.closed
    }
    for (const { ended } of await bed.recorded(50)) expect(ended.by).toBe('client')
  })

  it.skipIf(areMissing('perl'))(
    'an urgent byte of a client stops nothing, and all other bytes arrive',
    async () => {
      const port = bed.address().split(':').at(-1)!
      const hostile = new Program('perl', ['-e', URGENT, port])
      const peer = await backend.accepted()
      expect(await peer.ended).toBe('fin')
      expect(peer.received.toString()).toBe('abcdef')
      peer.end()
      expect(await hostile.exited).toEqual({ code: 0, signal: null })
      expect(await bed.recorded(1)).toMatchObject([{ bytesUp: 6, termination: '--' }])
    },
  )
}
