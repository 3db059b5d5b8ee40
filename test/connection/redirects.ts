/** A listener that sends its clients to HTTPS, except those of routes. */
import { afterEach, expect, it } from 'vitest'
import { Bed } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'

export function describeRedirects(): void {
  let bed: Bed
  afterEach(() => bed.end())

  it('requests are redirected to HTTPS, and challenges of ACME go to a cluster', async () => {
    const backend = await Backend.listen()
    const acme = { path: '/.well-known/acme-challenge', cluster: 'back', http: 'forward' } as const
    const front = {
      name: 'front',
      address: '127.0.0.1:0',
      protocol: 'http',
      redirect: 'https',
      routes: [acme],
    } as const
    bed = await Bed.start({ backends: [backend], listeners: [front] })
    const client = await bed.connect()
    client.send(Buffer.from('GET /shop?a=b HTTP/1.1\r\nHost: a.example.com\r\n\r\n'))
    expect(await client.ended).toBe('fin')
    expect(client.received.toString()).toMatch(
      /^HTTP\/1\.1 301 Moved Permanently\r\n[\s\S]*Location: https:\/\/a\.example\.com\/shop\?a=b\r\n/,
    )
    client.end()
    const other = await bed.connect()
    other.send(Buffer.from('GET /.well-known/acme-challenge/token HTTP/1.1\r\nHost: a.example.com\r\n\r\n'))
    const peer = await backend.accepted()
    peer.send(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nkey'))
    await other.ended
    expect(other.received.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*key$/)
    for (const each of [other, peer]) each.end()
    const records = await bed.recorded(2)
    expect(records[0]).toMatchObject({ ended: { by: 'proxy', phase: 'opening', cause: 'redirected' } })
    expect(records[1]).toMatchObject({ cluster: 'back', ended: { cause: 'finished' } })
  })

  it('a request of HTTP/1.0 that names no host gets 400', async () => {
    const front = { name: 'front', address: '127.0.0.1:0', protocol: 'http', redirect: 'https' } as const
    bed = await Bed.start({ backends: ['127.0.0.1:9'], listeners: [front] })
    const client = await bed.connect()
    client.send(Buffer.from('GET / HTTP/1.0\r\n\r\n'))
    await client.ended
    expect(client.received.toString()).toMatch(/^HTTP\/1\.1 400 /)
    expect((await bed.recorded(1))[0]!.ended.cause).toBe('bad-request: no Host')
  })
}
