/**
 * Bulk transfers between other processes, under the congestion controls that most systems have. The tests count what
 * needs no clock: how often millrace asks the kernel to move bytes, and whether it needs a timer to go on.
 */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { temporaryFolder } from '../support/folder.js'
import { type CongestionControl, cannotHaveNetworks, Network } from '../support/network.js'
import { areMissing, cannotTest, listeningOn, Program } from '../support/programs.js'
import { Relay } from '../support/relay.js'

const MIB = 1024 * 1024
const BYTES = 64 * MIB
/** The least average size of a splice, in or out. A sender on loopback sends this much at once. */
const LEAST_AVERAGE_MOVE = 32 * 1024
/** Every port is free in the network namespace of the test. */
const PORT = 9000

const isKernelMissing = !(kernelLoop() instanceof KernelLoop) && cannotTest(`splicing: ${kernelLoop()}`)
const cannotRun = isKernelMissing || areMissing('socat', 'sh') || cannotHaveNetworks()

describe.skipIf(cannotRun).each<CongestionControl>(['cubic', 'bbr'])('bulk under %s', (congestion) => {
  let network: Network
  let relay: Relay
  const folder = temporaryFolder()
  const socketPath = join(folder, 'backend')
  beforeEach(() => {
    network = new Network(congestion)
  })
  afterEach(async () => {
    expect(await relay.stop()).toBe(0)
    network.remove()
  })

  const socat = (...args: readonly string[]): Program =>
    new Program(network.beneath[0], [...network.beneath.slice(1), 'socat', '-u', '-b', String(MIB), ...args])

  const send64MiB = (to: string): Program =>
    new Program(network.beneath[0], [
      ...network.beneath.slice(1),
      ...['sh', '-c', `head -c ${BYTES} /dev/zero | socat -u -b ${MIB} STDIN ${to}`],
    ])

  const portOf = (): number => (relay.address.kind === 'tcp' ? relay.address.port : 0)

  /** Runs `streams` transfers of 64 MiB and checks that they arrive; returns how many splices and timers they took. */
  async function countWhile(streams: number, run: () => Promise<unknown>) {
    const before = await relay.counts()
    await run()
    const records = await relay.records(streams)
    for (const { bytesUp, bytesDown, cause } of records) {
      expect({ bytes: bytesUp + bytesDown, cause }).toEqual({ bytes: BYTES, cause: 'finished' })
    }
    const after = await relay.counts()
    return { splices: after.splices - before.splices, timers: after.timers - before.timers }
  }

  test.each(['auto', 'on'] as const)(
    'bulk is spliced in large pieces and needs no timer (splice: %s)',
    async (splice) => {
      const receiver = socat(`TCP-LISTEN:${PORT},reuseaddr`, 'OPEN:/dev/null')
      await listeningOn(PORT, receiver)
      const backend = { kind: 'tcp', host: '127.0.0.1', port: PORT } as const
      relay = await Relay.start({ backend, settings: { splice }, beneath: network.beneath })
      const { splices, timers } = await countWhile(1, () => send64MiB(`TCP:127.0.0.1:${portOf()}`).exited)
      expect(timers).toBe(0)
      expect(splices).toBeGreaterThan(0)
      expect(splices).toBeLessThan((2 * BYTES) / LEAST_AVERAGE_MOVE)
    },
  )

  test('two downloads at once from a unix backend need no timer', async () => {
    const backend = { kind: 'unix', path: socketPath } as const
    const sender = new Program('socat', [
      ...['-U', '-b', String(MIB), `UNIX-LISTEN:${socketPath},fork,unlink-early`],
      `SYSTEM:head -c ${BYTES} /dev/zero`,
    ])
    relay = await Relay.start({ backend, settings: { splice: 'auto' }, beneath: network.beneath })
    const download = () => socat(`TCP:127.0.0.1:${portOf()}`, 'OPEN:/dev/null').exited
    const { timers } = await countWhile(2, () => Promise.all([download(), download()]))
    expect(timers).toBe(0)
    await sender.kill()
  })
})
