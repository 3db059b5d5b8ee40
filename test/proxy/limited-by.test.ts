/**
 * Who makes a real connection slow. Peers that a test plays go on until the connection names the party. Its word in the list of
 * connections and in the record is the same. Networks that are slow: test/end-to-end/slow-networks.test.ts.
 */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { limitingOf } from '../../src/observe/records/limited-by.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import type { Peer } from '../support/peer.js'
import { cannotTest } from '../support/programs.js'
import { turns } from '../support/wait.js'
import { Bed, type BedConfig } from './bed.js'

const loaded = loadNative()
const isMissing = loaded.native === undefined && cannotTest(`TCP_INFO: ${loaded.missing}`)
const CHUNK = Buffer.alloc(64 * 1024)
const SMALL = Buffer.alloc(4096)
const PLAIN_MICROS = 60_000
const folder = temporaryFolder()

describe.skipIf(isMissing)('what limits a connection', () => {
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(() => bed.end())

  async function meet(config: BedConfig = {}): Promise<{ client: Peer; peer: Peer }> {
    bed = await Bed.start({ backends: [backend], ...config })
    const client = await bed.connect()
    const peer = await backend.accepted()
    for (const each of [client, peer]) each.isKeeping = false
    return { client, peer }
  }

  /** Undefined: the kernel does not tell. */
  const lifeSoFar = () => bed.proxy.connections()[0]!.facts().life

  /** Undefined: the kernel does not tell. */
  function wordSoFar(): string | undefined {
    const life = lifeSoFar()
    return life && limitingOf(life).limitedBy
  }

  /** Whether this word is right for the connection so far, and stays so if the clock of the kernel goes on by a tick of 10 ms. */
  function isPlainly(word: string): boolean {
    const life = lifeSoFar()!
    const { limitedBy, limitedShares } = limitingOf(life)
    const share = limitedShares?.[word as 'client'] ?? 0
    return limitedBy === word && share >= 0.4 && share * life.totalMicros >= PLAIN_MICROS
  }

  /**
   * Goes on with `step` until this word is right for the connection so far. Then the first look at a list says the same, and so does the
   * record. All three are asked in the same turn: shares change as time goes on.
   */
  async function expectWord(word: string, step: () => void = () => {}): Promise<void> {
    while (!isPlainly(word)) {
      step()
      await turns(1)
    }
    const list = bed.control.connections({})
    bed.proxy.connections()[0]!.end('killed')
    expect((await list).connections[0]!.limitedBy).toBe(word)
    const [record] = await bed.recorded(1)
    expect(record!.limitedBy).toBe(word)
    expect(record!.limitedShares![word as 'client']).toBeGreaterThanOrEqual(0.2)
  }

  it.each([
    ['client', 'client', 'peer'],
    ['backend', 'peer', 'client'],
  ] as const)('a %s that stops reading limits its connection', async (word, reader, writer) => {
    const ends = await meet()
    ends[reader].pause()
    ends[writer].sendForEver(CHUNK)
    await expectWord(word)
  })

  it.each([
    ['client', 'client', 'peer'],
    ['backend', 'peer', 'client'],
  ] as const)('a %s that writes little at a time limits its connection', async (word, writer, reader) => {
    const ends = await meet()
    ends.client.send(SMALL)
    await ends.peer.receive(1)
    // Each chunk has arrived before the next one goes.
    await expectWord(word, () => {
      if (ends[reader].receivedBytes >= ends[writer].sentBytes) ends[writer].send(SMALL)
    })
  })

  it('a backend that does not answer limits its connection', async () => {
    const ends = await meet()
    ends.client.send(SMALL)
    await ends.peer.receive(1)
    ends.peer.send(SMALL)
    await ends.client.receive(1)
    await expectWord('backend', () => {
      // The clock of the kernel is coarse. The next question is later than the answer only when that clock says so.
      const { client, backend } = lifeSoFar()!
      if (client.silentMs >= backend.silentMs) ends.client.send(SMALL)
    })
  })

  it('a conversation has one turn until the client sends after an answer', async () => {
    const ends = await meet()
    ends.client.send(SMALL)
    await ends.peer.receive(SMALL.length)
    expect(lifeSoFar()!.isOneTurn).toBe(true)
    ends.peer.send(SMALL)
    await ends.client.receive(SMALL.length)
    expect(lifeSoFar()!.isOneTurn).toBe(true)
    ends.client.send(SMALL)
    await ends.peer.receive(2 * SMALL.length)
    expect(lifeSoFar()!.isOneTurn).toBe(false)
  })

  it('the time of a route function is known of a connection in a pipe', async () => {
    await meet({ listeners: [{ name: 'front', address: '127.0.0.1:0', route: () => 'back' }] })
    const { waitMicros, routeMicros } = lifeSoFar()!
    expect(routeMicros).toBeGreaterThan(0)
    expect(routeMicros).toBeLessThanOrEqual(waitMicros)
  })

  it.each([
    ['of the connection itself', { perConnection: { bytesPerSecond: '256KiB' } }],
    ['that connections share', { bytesPerSecond: '256KiB' }],
  ] as const)('a rate %s limits the connection', async (_, limits) => {
    const ends = await meet({ limits })
    ends.peer.sendForEver(CHUNK)
    await expectWord('our-limit')
  })

  it('nobody is named while the kernel does not tell of both sides', async () => {
    const unix = await Backend.listen({ path: join(folder, 'backend') })
    bed = await Bed.start({ backends: [unix] })
    const client = await bed.connect()
    client.send(SMALL)
    const peer = await unix.accepted()
    await peer.receive(SMALL.length)
    expect(wordSoFar()).toBeUndefined()
    const { connections } = await bed.control.connections({})
    expect(connections[0]).not.toHaveProperty('limitedBy', expect.anything())
    bed.proxy.connections()[0]!.end('killed')
    const [record] = await bed.recorded(1)
    expect(record).not.toHaveProperty('limitedBy')
    expect(record).not.toHaveProperty('limitedShares')
  })
})
