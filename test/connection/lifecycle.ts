/** stop(), drain() and a reset in every phase before the pipe: a connection ends with one record, and nothing is left. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ClusterInput } from '../../src/config/input.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { Bed } from '../proxy/bed.js'
import { hastened } from '../proxy/time.js'
import { Backend } from '../support/backend.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { helloOf } from '../support/hello.js'
import type { Peer } from '../support/peer.js'
import { turns } from '../support/wait.js'
import { headAt, UPGRADE } from './upgrades.js'

interface Phase {
  readonly listener?: Partial<ListenerInput>
  readonly cluster?: Partial<ClusterInput>
  /** Its name in the record. */
  readonly phase: 'opening' | 'response'
  /** Brings the connection into this phase. */
  reach(client: Peer): Promise<void>
}

export function describeOpeningLifecycle(): void {
  const folder = temporaryFolder()
  let pair: { cert: string; key: string }
  let backend: Backend
  let bed: Bed | undefined

  beforeEach(async () => {
    pair ??= await selfSigned(folder)
    backend = await Backend.listen()
  })
  afterEach(async () => await bed?.end())

  const send = async (client: Peer, bytes: string | Buffer): Promise<void> => {
    client.send(Buffer.from(bytes))
    await turns(50)
  }

  const phases: Record<string, Phase> = {
    'waiting for a PROXY header': {
      listener: { acceptProxy: { from: ['127.0.0.1'] } },
      phase: 'opening',
      reach: async (client) => await send(client, 'PROXY '),
    },
    'waiting for what its client speaks': {
      listener: { routes: [{ speaks: 'ssh', cluster: 'back' }] },
      phase: 'opening',
      reach: async (client) => await send(client, 'SSH'),
    },
    'waiting for the first byte': {
      listener: { onNoSni: 'reject', onSilent: { afterMs: 4000, cluster: 'back' } },
      phase: 'opening',
      reach: async (client) => await send(client, ''),
    },
    'waiting for a ClientHello': {
      listener: { onNoSni: 'reject' },
      phase: 'opening',
      reach: async (client) => await send(client, Buffer.from([22, 3])),
    },
    'in a route function': {
      listener: { route: () => new Promise(() => {}), cluster: undefined },
      phase: 'opening',
      reach: async (client) => await send(client, 'x'),
    },
    'waiting for a request': {
      listener: { protocol: 'http' },
      phase: 'opening',
      reach: async (client) => await send(client, 'GET / '),
    },
    'waiting for the answer to an upgrade': {
      listener: { protocol: 'http' },
      phase: 'response',
      reach: async (client) => {
        await send(client, UPGRADE)
        await headAt(await backend.accepted())
      },
    },
    'forwarding a request': {
      listener: { protocol: 'http', http: 'forward' },
      phase: 'response',
      reach: async (client) => {
        await send(client, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf')
        await headAt(await backend.accepted())
      },
    },
    'in a TLS handshake with the backend': {
      cluster: { tls: {} },
      phase: 'response',
      reach: async () => await (await backend.accepted()).receive(5),
    },
  }

  const reach = async (name: string, extra: Partial<ListenerInput> = {}): Promise<Peer> => {
    const { listener, cluster, reach: go } = phases[name]!
    bed = await Bed.start({
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back', ...listener, ...extra }],
      clusters: { back: { backends: [backend.address], ...cluster } },
    })
    const client = await bed.connect()
    await go(client)
    return client
  }

  it.each(Object.keys(phases))('stop() ends a connection with one record: %s', async (name) => {
    const client = await reach(name)
    await bed!.proxy.stop()
    await client.closed
    const [record] = await bed!.recorded(1)
    expect(record!.ended).toMatchObject({ by: 'proxy', cause: 'ordered' })
    expect(bed!.proxy.status().connections.active).toBe(0)
    await backend.close()
  })

  it.each(Object.keys(phases))('a drain whose deadline passes cuts a connection: %s', async (name) => {
    const client = await reach(name)
    expect(await bed!.proxy.drain({ deadlineMs: 1 })).toEqual({ finished: 0, closed: 0, cut: 1 })
    await client.closed
    expect((await bed!.recorded(1))[0]!.ended).toMatchObject({ by: 'proxy', cause: 'drained' })
    await backend.close()
  })

  it('stop() ends a connection in a TLS handshake with its client', async () => {
    bed = await Bed.start({
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back', tls: pair }],
      clusters: { back: { backends: [backend.address] } },
    })
    const client = await bed.connect()
    client.send(await helloOf({ servername: 'localhost' }))
    await client.receive(100)
    await bed.proxy.stop()
    await client.ended
    client.end()
    expect((await bed.recorded(1))[0]!.ended).toEqual({ by: 'proxy', phase: 'opening', cause: 'ordered' })
    await backend.close()
  })

  it.each(Object.keys(phases))("a client's reset ends its connection with one record: %s", async (name) => {
    const client = await reach(name)
    client.reset()
    const recorded = bed!.recorded(1)
    // A backend has one second to take the bytes that it was sent.
    const [record] = backend.peers.length > 0 ? await hastened(bed!, recorded) : await recorded
    expect(record!.ended).toMatchObject({ by: 'client', phase: phases[name]!.phase })
    await backend.close()
  })
}
