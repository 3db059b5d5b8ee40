/** The socket options by which the kernel finds out that a peer has vanished, as ss(8) shows them. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LASTING_MS } from '../../src/connection/backend/lasting.js'
import { Backend } from '../support/backend.js'
import { advanceClock } from '../support/clock.js'
import { areMissing, run } from '../support/programs.js'
import { until } from '../support/wait.js'
import { Bed, type BedConfig } from './bed.js'
import type { EngineKind } from './suite.js'

export function describeVanishedPeers(engine: EngineKind): void {
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(async () => await bed.end())

  /** The short `halfClosedMs` makes the proxy look at connections often. No connection here is half closed. */
  const start = async (config: BedConfig = {}) => {
    bed = await Bed.start({ backends: [backend], timeouts: { halfClosedMs: 40 }, ...config })
    await bed.connect()
    await backend.accepted()
  }

  const port = (): number => Number(bed.address().split(':').at(-1))

  /** The line of ss(8) about the proxy's end of a connection. */
  const shown = async (filter: string): Promise<string> => {
    const { stdout } = await run('ss', ['-tnoH', 'state', 'established', `( ${filter} )`])
    return stdout
  }
  const ofClient = () => shown(`sport = :${port()}`)
  const ofBackend = () => shown(`dport = :${backend.port}`)

  /** Waits for the options of the backend's socket. millrace sets them only once the connection has lasted a while. */
  const shownLater = async (wanted: RegExp): Promise<void> => {
    await until(() => bed.proxy.connections()[0]?.phase === 'data')
    advanceClock(LASTING_MS)
    while (!wanted.test(await ofBackend()));
  }

  it.skipIf(areMissing('ss'))('keepalive is on for both sides by default', async () => {
    await start()
    expect(await ofClient()).toMatch(/timer:\(keepalive,(5\dsec|1min)/)
    await shownLater(/timer:\(keepalive,(5\dsec|1min)/)
  })

  it.skipIf(areMissing('ss'))('keepalive of each side is that of its listener or its cluster', async () => {
    await start({
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back', keepalive: { idleMs: '5m' } }],
      clusters: { back: { backends: [backend.address], keepalive: { idleMs: '7m' } } },
      keepalive: false,
    })
    expect(await ofClient()).toMatch(/timer:\(keepalive,(4min|5min)/)
    await shownLater(/timer:\(keepalive,(6min|7min)/)
  })

  it.skipIf(areMissing('ss'))(
    'keepalive: false switches keepalive off, and a reload switches it on for new clients',
    async () => {
      await start({ keepalive: false })
      expect(await ofClient()).not.toContain('timer:')
      await bed.reload({ keepalive: { idleMs: '5m' } })
      await bed.connect()
      await backend.accepted()
      expect(await ofClient()).toMatch(/timer:\(keepalive,(4min|5min)/)
    },
  )

  it('the status lists TCP_USER_TIMEOUT as unavailable on the stream engine only', async () => {
    await start()
    const { unavailable } = bed.proxy.status()
    expect(unavailable.some((each) => each.includes('TCP_USER_TIMEOUT'))).toBe(engine === 'stream')
  })
}
