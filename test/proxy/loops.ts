/** Backends that are listeners of the same proxy. The config says port 0, so only a running proxy can know it. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ProxyConfig } from '../../src/config/input.js'
import { Backend } from '../support/backend.js'
import { Bed } from './bed.js'

const LISTENERS: ProxyConfig['listeners'] = [
  { name: 'outer', address: '127.0.0.1:0', cluster: 'a' },
  { name: 'inner', address: '[::]:0', cluster: 'b' },
]
const LOOP = { by: 'proxy', phase: 'connect', cause: 'loop' }

export function describeLoops(): void {
  let backend: Backend
  let bed: Bed
  beforeEach(async () => {
    backend = await Backend.listen()
    const { address } = backend
    const clusters = { a: { backends: [address] }, b: { backends: [address] } }
    bed = await Bed.start({ listeners: LISTENERS, clusters, backends: [backend] })
  })
  afterEach(() => bed.end())

  const outer = (): string => bed.address(0)
  const inner = (): string => `127.0.0.1:${bed.address(1).split(':').at(-1)}`

  /** The clusters have these backends from now on. */
  async function lead(a: readonly string[], b: readonly string[]): Promise<void> {
    await bed.reload({ clusters: { a: { backends: a }, b: { backends: b } } })
  }

  async function echo(listener: number): Promise<void> {
    const client = await bed.connect(listener)
    const peer = await backend.accepted()
    client.send(Buffer.from('hello'))
    await peer.receive(5)
    client.end()
    peer.end()
  }

  it('a client of a listener that is its own backend is turned away at once', async () => {
    await lead([outer()], [backend.address])
    expect(await bed.turnedAway()).toBe('ECONNRESET')
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({ listener: 'outer', ended: LOOP, backend: outer() })
    expect(await bed.told(/^listener outer leads back to listener outer: /)).toMatchObject({
      listener: 'outer',
      loopsTo: 'outer',
      passed: ['outer'],
    })
  })

  it('a client can pass two listeners of one proxy', async () => {
    await lead([inner()], [backend.address])
    await echo(0)
    const records = await bed.recorded(2)
    expect(records.map(({ ended }) => ended.cause)).toEqual(['finished', 'finished'])
  })

  it('the listener behind another one knows the client from a PROXY header, and the way from its peer', async () => {
    const listeners = [LISTENERS[0]!, { ...(LISTENERS[1] as object), acceptProxy: { from: ['127.0.0.1'] } }]
    await bed.reload({
      listeners: listeners as ProxyConfig['listeners'],
      clusters: { a: { backends: [inner()], sendProxy: 'v2' }, b: { backends: [outer()] } },
    })
    expect(await bed.turnedAway()).toBe('ECONNRESET')
    const records = await bed.recorded(2)
    expect(records.find(({ listener }) => listener === 'inner')!.ended).toEqual(LOOP)
  })

  it('a connection ends when it would come to a listener for the second time', async () => {
    await lead([inner()], [outer()])
    expect(await bed.turnedAway()).toBe('ECONNRESET')
    const records = await bed.recorded(2)
    const [ofInner, ofOuter] = ['inner', 'outer'].map(
      (name) => records.find(({ listener }) => listener === name)!,
    )
    expect(ofInner!.ended).toEqual(LOOP)
    // The reset of the inner connection may come before the connect is over.
    expect(['reset', 'no-backend']).toContain(ofOuter!.ended.cause)
    expect(await bed.told(/^listener inner leads back to listener outer: /)).toMatchObject({
      passed: ['outer', 'inner'],
    })
  })

  it('a route function that returns the own listener as a backend is turned away, too', async () => {
    const route = () => ({ backend: { address: outer() } })
    await bed.reload({ listeners: [{ name: 'outer', address: '127.0.0.1:0', route }, LISTENERS[1]!] })
    expect(await bed.turnedAway()).toBe('ECONNRESET')
    expect((await bed.recorded(1))[0]).toMatchObject({ backend: outer(), ended: LOOP })
  })

  it('many clients of a loop have one line in the log', async () => {
    await lead([outer()], [backend.address])
    for (let i = 0; i < 20; i++) expect(await bed.turnedAway()).toBe('ECONNRESET')
    await bed.recorded(20)
    expect(bed.logged.filter(({ message }) => message.includes('leads back'))).toHaveLength(1)
  })

  it('a client gets another backend if the first one leads back, and that one is not blamed', async () => {
    await lead([outer(), backend.address], [backend.address])
    for (let i = 0; i < 5; i++) await echo(0)
    await bed.recorded(5)
    const [cluster] = bed.proxy.status().clusters
    expect(cluster!.backends.map(({ address, state }) => [address, state])).toEqual([
      [outer(), 'up'],
      [backend.address, 'up'],
    ])
  })

  it('the errors of a proxy count loops from 0 on', () => {
    expect(bed.proxy.status().endings).toContainEqual({
      ...LOOP,
      outcome: 'error',
      listener: 'outer',
      cluster: 'a',
      count: 0,
    })
  })
}
