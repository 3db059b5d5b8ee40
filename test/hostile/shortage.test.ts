/**
 * Without free file descriptors or kernel pipes no process spins or dies, and traffic recovers. Each test runs its own
 * process with its own limits.
 */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { sleepsForMs } from '../support/asleep.js'
import { difference, pattern } from '../support/bytes.js'
import { connectTo, type Peer } from '../support/peer.js'
import { areMissing, cannotTest, Program } from '../support/programs.js'
import { Relay, type RelayOptions } from '../support/relay.js'
import { until } from '../support/wait.js'

const KIB = 1024
/** Half of the time for which a listener without fds pauses. */
const HALF_PAUSE_MS = 50
const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url))
/** A user that nobody else uses, so that only this test uses its quota of kernel pipes. */
const OTHER_USER = ['setpriv', '--reuid=54321', '--regid=54321', '--clear-groups']
/** A program of the same user that holds a number of pipes of 16 pages until stdin ends. */
const HOG = `
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
os.setgid(54321)
os.setuid(54321)
pipes = [os.pipe() for _ in range(int(sys.argv[1]))]
print('full', flush=True)
sys.stdin.read()
`

const hasKernel = kernelLoop() instanceof KernelLoop || !cannotTest(`the kernel's limits: ${kernelLoop()}`)

let echo: Server
let relay: Relay
const peers: Peer[] = []

beforeEach(async () => {
  echo = createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => {}).pipe(socket))
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
})
afterEach(async () => {
  await leave(peers)
  echo.close()
  expect(await relay.stop()).toBe(0)
})

async function startRelay(options: Partial<RelayOptions>): Promise<void> {
  const { port } = echo.address() as AddressInfo
  relay = await Relay.start({
    backend: { kind: 'tcp', host: '127.0.0.1', port },
    settings: { splice: 'on' },
    ...options,
  })
}

async function connect(): Promise<Peer> {
  const peer = await connectTo(relay.address)
  peers.push(peer)
  return peer
}

/** Sends more bytes and gets them back, after the bytes of earlier exchanges. */
async function exchange(peer: Peer, bytes: number): Promise<void> {
  peer.send(pattern(1, bytes, peer.sentBytes))
  await peer.receive(peer.sentBytes)
  expect(difference(peer.received, peer.sent)).toBeUndefined()
}

/** Closes these peers. Resolves when their connections are closed on this side. */
async function leave(some: readonly Peer[]): Promise<void> {
  const going = [...some]
  for (const peer of going) peer.socket.destroy()
  await Promise.all(going.map((peer) => peer.closed))
  for (const peer of going) peers.splice(peers.indexOf(peer), 1)
}

/** Resolves when the relay carries this many connections. */
async function carries(connections: number): Promise<void> {
  while ((await relay.counts()).connections !== connections);
}

/** Resolves when the bytes of a new connection are spliced. */
async function splicesAgain(): Promise<void> {
  for (let isSpliced = false; !isSpliced; ) {
    const peer = await connect()
    await exchange(peer, KIB)
    const before = relay.ended.length
    await leave([peer])
    isSpliced = (await relay.records(before + 1)).at(-1)!.splicedUp > 0
  }
}

// The addon keeps 32 of these fds back. An odd and an even limit, because a connection needs two fds. Then once the accept and once the dial finds none left.
describe.runIf(hasKernel && !areMissing('sh')).each([132, 133])('a proxy with %i fds', (limit) => {
  const beneath = ['sh', '-c', `ulimit -n ${limit}; exec "$@"`, 'sh']
  const shortages = (): string[] => [...relay.pauses, ...relay.failedDials]

  /** A client that is refused at once may never see its connect. */
  const tryToConnect = (): Promise<unknown> => connect().catch(() => {})

  /** Returns a working connection, after more clients came than the relay has fds for. */
  async function exhausted(): Promise<Peer> {
    await startRelay({ beneath })
    const first = await connect()
    await exchange(first, 1)
    await Promise.all(Array.from({ length: 80 }, tryToConnect))
    await relay.program.seen(() => shortages().length > 0)
    return first
  }

  test('a proxy without free fds keeps its connections, does not spin, and accepts again when some have closed', async () => {
    const first = await exhausted()
    await until(() => sleepsForMs(relay.program.pid) >= HALF_PAUSE_MS)
    expect(new Set(shortages())).toEqual(new Set(['EMFILE']))

    await exchange(first, 100 * KIB)
    await leave(peers.filter((peer) => peer !== first))
    await carries(1)
    for (const peer of [first, await connect(), await connect(), await connect()]) {
      await exchange(peer, 100 * KIB)
    }
  })

  test('a pipe copies bytes while there is no fd for a kernel pipe', async () => {
    const first = await exhausted()
    while ((await relay.counts()).pipesRefused === 0) {
      await tryToConnect()
      await exchange(first, 300 * KIB)
    }
    await leave(peers.filter((peer) => peer !== first))
    await carries(1)
    await splicesAgain()
  })
})

const canBeOther =
  hasKernel &&
  !areMissing('setpriv', 'python3') &&
  (spawnSync(OTHER_USER[0]!, [...OTHER_USER.slice(1), process.execPath, '-v']).status === 0 ||
    !cannotTest('the quota of kernel pipes: this user cannot run node as another one'))

describe.runIf(canBeOther)('a proxy whose user has used up the quota of kernel pipes', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-'))
    chmodSync(folder, 0o755)
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** Copies the files that the relay needs to a folder that every user can read. */
  function readableCode(): NonNullable<RelayOptions['code']> {
    const parts = ['dist', 'build/Release/millrace.node', 'package.json']
    for (const part of [...parts, 'test/support/relay.mjs']) {
      mkdirSync(dirname(join(folder, part)), { recursive: true })
      cpSync(join(CHECKOUT, part), join(folder, part), { recursive: true })
    }
    spawnSync('chmod', ['-R', 'a+rX', folder])
    return { checkout: folder, script: join(folder, 'test/support/relay.mjs') }
  }

  test("a pipe copies bytes while its user's quota of kernel pipes is used up, and then splices again", async () => {
    const hog = new Program('python3', ['-c', HOG, '1100'])
    await hog.seen(() => hog.stdout.includes('full'))
    await startRelay({ beneath: OTHER_USER, code: readableCode() })
    const peer = await connect()
    await exchange(peer, 300 * KIB)
    await leave([peer])
    const [record] = await relay.records(1)
    expect(record).toMatchObject({
      bytesUp: 300 * KIB,
      splicedUp: 0,
      splicedDown: 0,
      notSplicing: 'pipe-quota',
    })
    const { pipesRefused, splicesRefused } = await relay.counts()
    expect(pipesRefused).toBeGreaterThan(0)
    expect(splicesRefused).toBe(0)
    await hog.kill()
    await splicesAgain()
  })

  // Of the 16,384 pages that this user may have, room for seven pipes of 1 MiB is left.
  test('readers that have stopped leave a kernel pipe for other pipes', async () => {
    const hog = new Program('python3', ['-c', HOG, '900'])
    await hog.seen(() => hog.stdout.includes('full'))
    await startRelay({ beneath: OTHER_USER, code: readableCode() })
    const stuck = await Promise.all(Array.from({ length: 8 }, connect))
    for (const peer of stuck) {
      peer.pause()
      peer.send(pattern(1, 32 * 1024 * KIB))
    }
    while ((await relay.counts()).pipesInUse < stuck.length);
    const quick = await connect()
    await exchange(quick, 4 * 1024 * KIB)
    expect(await relay.counts()).toMatchObject({ pipesRefused: 0 })
    for (const peer of stuck) {
      peer.resume()
      await peer.receive(peer.sentBytes)
      expect(difference(peer.received, peer.sent)).toBeUndefined()
    }
    await leave(peers)
    for (const { notSplicing, bytesUp, splicedUp } of await relay.records(stuck.length + 1)) {
      expect({ notSplicing, splicedUp }).toEqual({ notSplicing: undefined, splicedUp: bytesUp })
    }
    await hog.kill()
  })
})
