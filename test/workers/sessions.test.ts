/** A Postgres session belongs to one worker, and can be cancelled through any worker. */
import { afterEach, describe, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { modes, WITHOUT_NATIVE } from '../support/modes.js'
import { connectTo, type Peer } from '../support/peer.js'
import { cancelOf, startUpOf, welcome } from '../support/postgres-packets.js'

const SESSIONS = 8
const startUp = startUpOf({ user: 'app' })
const keyOf = (pid: number): Buffer => Buffer.alloc(4, pid)
const folder = temporaryFolder()

describe.each([...new Set([modes()[0]!, WITHOUT_NATIVE])])('several workers, $name', (mode) => {
  let millrace: Millrace
  let backends: Backend[]
  let clients: Peer[] = []
  let port = 0

  const start = async (): Promise<void> => {
    backends = await Promise.all([Backend.listen(), Backend.listen()])
    const started = await startWith(
      folder,
      {
        workers: 3,
        listeners: [{ name: 'front', address: '127.0.0.1:0', startTls: 'postgres', cluster: 'db' }],
        clusters: { db: { backends: backends.map(({ address }) => address) } },
        admin: false,
      },
      mode,
    )
    millrace = started.millrace
    port = started.ports.front!
    await millrace.logged(({ workers }) => workers === 3)
  }
  afterEach(async () => {
    for (const { socket } of clients) socket.destroy()
    clients = []
    await millrace.program.kill()
    await Promise.all(backends.map((backend) => backend.close()))
  })

  const connect = async (): Promise<Peer> => {
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
    clients.push(client)
    return client
  }

  /** Begins a session; returns the backend that has it. */
  const begin = async (pid: number): Promise<Backend> => {
    const before = backends.map(({ peers }) => peers.length)
    const client = await connect()
    client.send(startUp)
    const index = await Promise.race(backends.map((backend, at) => next(backend, before[at]!).then(() => at)))
    const peer = backends[index]!.peers.at(-1)!
    await peer.receive(startUp.length)
    peer.send(welcome(pid, keyOf(pid)))
    await client.receive(welcome(pid, keyOf(pid)).length)
    return backends[index]!
  }

  it('several workers send each cancel request to the backend that has the session', async () => {
    await start()
    for (let pid = 1; pid <= SESSIONS; pid++) {
      const backend = await begin(pid)
      for (let round = 0; round < 3; round++) {
        const before = backend.peers.length
        const client = await connect()
        client.send(cancelOf(pid, keyOf(pid)))
        await next(backend, before)
        const peer = backend.peers[before]!
        await peer.receive(16)
        expect(peer.received.equals(cancelOf(pid, keyOf(pid)))).toBe(true)
        peer.end()
        expect(await client.ended).toBe('fin')
      }
    }
  })

  it('several workers close a cancel request for a session that none of them has', async () => {
    await start()
    await begin(1)
    const client = await connect()
    client.send(cancelOf(1, keyOf(2)))
    expect(await client.ended).toBe('fin')
    client.end()
    await millrace.logged(({ ended }) => (ended as { cause?: string } | undefined)?.cause === 'no-session')
  })
})

/** Waits until a backend has more connections than `count`. */
async function next(backend: Backend, count: number): Promise<void> {
  while (backend.peers.length <= count) await backend.connected()
}
