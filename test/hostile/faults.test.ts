/**
 * strace makes splice(2) fail in every way, at every moment. No byte is lost, no process spins, and the record tells why
 * bytes were copied. strace also shows how splice was called.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { pattern } from '../support/bytes.js'
import { connectTo, PeerServer } from '../support/peer.js'
import { areMissing, cannotTest } from '../support/programs.js'
import { Relay, type RelayRecord } from '../support/relay.js'

const isTestable =
  (kernelLoop() instanceof KernelLoop || !cannotTest(`splice: ${kernelLoop()}`)) && !areMissing('strace')
const BYTES = 600_000

describe.runIf(isTestable)('a pipe whose splice(2) fails', () => {
  let folder: string
  let server: PeerServer
  let relay: Relay
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-'))
    server = await PeerServer.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 })
  })
  afterEach(async () => {
    server.close()
    expect(await relay.stop()).toBe(0)
    rmSync(folder, { recursive: true })
  })

  const trace = (): string[] => readFileSync(join(folder, 'trace'), 'utf8').split('\n')

  async function startRelay(inject: string, calls = 'splice', settings = {}): Promise<void> {
    const injection = inject === '' ? [] : ['-e', `inject=splice:${inject}`]
    relay = await Relay.start({
      backend: server.address,
      settings: { splice: 'on', ...settings },
      beneath: [
        'strace',
        '-f',
        '-qq',
        '-o',
        join(folder, 'trace'),
        '-e',
        `trace=${calls}`,
        '-e',
        'signal=none',
        ...injection,
      ],
    })
  }

  /** Sends both ways, compares, and returns the record. */
  async function exchange(): Promise<RelayRecord> {
    const client = await connectTo(relay.address)
    const backend = await server.accepted()
    client.send(pattern(1, BYTES))
    backend.send(pattern(2, BYTES))
    client.end()
    await backend.receive(BYTES)
    backend.end()
    await Promise.all([client.closed, backend.closed])
    expect(backend.missingFrom(client)).toBeUndefined()
    expect(client.missingFrom(backend)).toBeUndefined()
    const [record] = await relay.records(1)
    expect(record).toMatchObject({ cause: 'finished', bytesUp: BYTES, bytesDown: BYTES })
    return record!
  }

  test.each(['ENOSYS', 'EPERM', 'EACCES'])(
    'a pipe copies all bytes if the process may not splice (%s)',
    async (errno) => {
      await startRelay(`error=${errno}`)
      const record = await exchange()
      expect(record).toMatchObject({ splicedUp: 0, splicedDown: 0, notSplicing: `kernel-refused: ${errno}` })
      const refusals = trace().filter((line) => line.includes('INJECTED'))
      expect(refusals.length).toBeLessThan(5)
      expect(await relay.counts()).toMatchObject({ splicesRefused: refusals.length, pipesRefused: 0 })
    },
  )

  test('a pipe copies all bytes if splice refuses its pair of sockets (EINVAL)', async () => {
    await startRelay('error=EINVAL')
    expect(await exchange()).toMatchObject({
      splicedUp: 0,
      splicedDown: 0,
      notSplicing: 'kernel-refused: EINVAL',
    })
    expect(await relay.counts()).toMatchObject({ splicesRefused: 2, pipesRefused: 0 })
  })

  test.each(['ENOSYS', 'EPERM', 'EINVAL'])(
    'a pipe loses no byte if splice refuses (%s) while bytes are inside a kernel pipe',
    async (errno) => {
      for (const when of [2, 3, 4, 5]) {
        await startRelay(`error=${errno}:when=${when}+`)
        await exchange()
        if (when < 5) await relay.stop()
      }
    },
  )

  test.each(['EINTR', 'ENOMEM', 'ENOBUFS'])(
    'a pipe loses no byte if splice fails now and then (%s)',
    async (errno) => {
      await startRelay(`error=${errno}:when=1+3`)
      await exchange()
    },
  )

  test('a pipe waits and does not spin if splice is short of memory for good', async () => {
    await startRelay('error=ENOMEM', 'splice', { idleTimeoutMs: 400 })
    const client = await connectTo(relay.address)
    const backend = await server.accepted()
    client.send(pattern(3, 1000))
    const [record] = await relay.records(1)
    expect(record).toMatchObject({ cause: 'idle-timeout' })
    expect(trace().filter((line) => line.includes('INJECTED')).length).toBeLessThan(150)
    await Promise.all([client.closed, backend.closed])
  })

  test('a pipe whose splice fails with EIO resets its connection', async () => {
    await startRelay('error=EIO:when=3+')
    const client = await connectTo(relay.address)
    const backend = await server.accepted()
    client.send(pattern(4, BYTES))
    const [record] = await relay.records(1)
    expect(record).toMatchObject({ cause: 'reset', errno: 'EIO' })
    await Promise.all([client.closed, backend.closed])
  })

  test('a pipe never tells splice to hold bytes back, and never asks for more than is inside', async () => {
    await startRelay('', 'splice,pipe2,setsockopt,sendto,sendmsg')
    await exchange()
    const lines = trace()
    expect(lines.filter((line) => /SPLICE_F_MORE|MSG_MORE|TCP_CORK/.test(line))).toEqual([])
    expect(lines.filter((line) => /TCP_NODELAY, \[1\]/.test(line)).length).toBeGreaterThanOrEqual(2)
    const outs = splicesOut(lines)
    expect(outs.length).toBeGreaterThan(2)
    expect(outs.filter(({ asked, inside }) => asked !== inside)).toEqual([])
  })
})

/** Every splice out of a kernel pipe: how many bytes it asked for, and how many were inside. */
function splicesOut(lines: readonly string[]): { asked: number; inside: number }[] {
  const outs: { asked: number; inside: number }[] = []
  const readEnds = new Map<string, string>()
  const inside = new Map<string, number>()
  for (const line of lines) {
    const [, readEnd, writeEnd] = /pipe2\(\[(\d+), (\d+)\]/.exec(line) ?? []
    if (readEnd !== undefined && writeEnd !== undefined) readEnds.set(writeEnd, readEnd)
    const [, from, to, asked, moved] =
      /splice\((\d+), NULL, (\d+), NULL, (\d+), .* = (-?\d+)/.exec(line) ?? []
    if (from === undefined || to === undefined) continue
    const pipe = readEnds.get(to) ?? from
    const held = inside.get(pipe) ?? 0
    if (pipe === from) outs.push({ asked: Number(asked), inside: held })
    const bytes = Math.max(0, Number(moved))
    inside.set(pipe, pipe === from ? held - bytes : held + bytes)
  }
  return outs
}
