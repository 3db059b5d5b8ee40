/** 0.0.0.0 and [::] on one port: each family has its own listener, even if a reload adds or removes one of them. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { connectTo } from '../support/peer.js'
import { freePort } from '../support/programs.js'
import { Bed } from './bed.js'

type Family = 'ipv4' | 'ipv6'

export function describeBothFamilies(): void {
  const loopback = { ipv4: '127.0.0.1', ipv6: '::1' } as const
  let backends: Record<Family, Backend>
  let port: number
  let bed: Bed

  beforeEach(async () => {
    backends = { ipv4: await Backend.listen(), ipv6: await Backend.listen() }
    port = await freePort()
  })
  afterEach(async () => {
    await bed.end()
    await Promise.all(Object.values(backends).map((backend) => backend.close()))
  })

  const listener = (family: Family) => ({
    name: family,
    address: family === 'ipv4' ? `0.0.0.0:${port}` : `[::]:${port}`,
    cluster: family,
  })
  const config = (...families: Family[]) => ({
    listeners: families.map(listener),
    clusters: {
      ipv4: { backends: [backends.ipv4.address] },
      ipv6: { backends: [backends.ipv6.address] },
    },
  })

  /** Connects by the family `from`, and waits until the backend of the family `to` has the client. */
  const reach = async (from: Family, to: Family = from): Promise<void> => {
    const client = await connectTo({ kind: 'tcp', host: loopback[from], port })
    const peer = await backends[to].accepted()
    client.end()
    peer.end()
    await client.closed
  }

  it.each<Family[][]>([[['ipv4', 'ipv6']], [['ipv6', 'ipv4']]])(
    'IPv4 and IPv6 clients on one port are both served by listeners %j of one config',
    async (families) => {
      bed = await Bed.start(config(...families))
      await reach('ipv4')
      await reach('ipv6')
      expect(
        (await bed.recorded(2)).map(({ listener, client }) => [listener, client.split(/:\d+$/)[0]]),
      ).toEqual([
        ['ipv4', '127.0.0.1'],
        ['ipv6', '[::1]'],
      ])
    },
  )

  it('a reload that adds [::] beside 0.0.0.0 serves clients of both families', async () => {
    bed = await Bed.start(config('ipv4'))
    await bed.reload(config('ipv4', 'ipv6'))
    await reach('ipv4')
    await reach('ipv6')
  })

  it('a reload that adds 0.0.0.0 beside [::] is refused with what to do, and doing it works', async () => {
    bed = await Bed.start(config('ipv6'))
    await reach('ipv4', 'ipv6')
    await expect(bed.reload(config('ipv6', 'ipv4'))).rejects.toThrow(
      `listener ipv4: cannot listen on 0.0.0.0:${port} while listener ipv6 of this proxy listens on [::]:${port} ` +
        '(IPv4 too): leave both out of the config and reload, then put both in and reload once more, or start',
    )
    await reach('ipv4', 'ipv6')
    await bed.reload({ ...config(), listeners: [{ name: 'other', address: '127.0.0.1:0', cluster: 'ipv4' }] })
    await bed.reload(config('ipv6', 'ipv4'))
    await reach('ipv4')
    await reach('ipv6')
  })

  it('a reload that removes 0.0.0.0 leaves [::] with IPv6 clients only, and logs a warning', async () => {
    bed = await Bed.start(config('ipv4', 'ipv6'))
    await bed.reload(config('ipv6'))
    await reach('ipv6')
    expect(await bed.told(/takes no IPv4 clients until it is opened again/)).toMatchObject({
      level: 'warn',
      listener: 'ipv6',
    })
  })

  it('a start with [::] and 127.0.0.1 on one port is refused with what to do', async () => {
    const one = { ...listener('ipv4'), address: `127.0.0.1:${port}` }
    expect(() => new Bed({ ...config('ipv6'), listeners: [listener('ipv6'), one] })).toThrow(
      `127.0.0.1:${port} and [::]:${port} (IPv4 too) at listeners[0].address include each other`,
    )
  })
}
