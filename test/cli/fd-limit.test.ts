/** The command follows its limit on file descriptors: it says what they are enough for, and refuses a config that needs more. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { ProcessLimitsInput } from '../../src/config/limits-input.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { listeningPort, Millrace, runMillrace, writeConfig } from '../support/millrace.js'
import { connectTo, type Peer } from '../support/peer.js'
import { areMissing } from '../support/programs.js'

const folder = temporaryFolder()
const file = join(folder, 'millrace.yaml')
const THROUGH = { through: ['prlimit', '--nofile=1024:1024'] }

const writeYaml = (maxConnections: number): void =>
  writeFileSync(
    file,
    `listeners:
  - { name: front, address: "127.0.0.1:0", cluster: back }
limits:
  maxConnections: ${maxConnections}
clusters:
  back: { backends: ["127.0.0.1:1"] }
admin: false
`,
  )

it.skipIf(areMissing('prlimit'))(
  'the log says at the start how many connections the file descriptors are enough for',
  async () => {
    writeYaml(351)
    const millrace = new Millrace(['--config', file], THROUGH)
    const line = await millrace.logged(({ mostConnections }) => mostConnections !== undefined)
    expect(line).toMatchObject({
      level: 30,
      mostConnections: 351,
      mostFds: 1024,
      msg: expect.stringContaining(
        'file descriptors are enough for 351 connections: (1024 file descriptors - 64',
      ),
    })
    await millrace.logged(({ msg }) => msg.startsWith('listening on'))
    expect(await millrace.stop()).toMatchObject({ code: 0 })
  },
)

it.skipIf(areMissing('prlimit'))(
  'a config with more connections than the file descriptors are enough for is refused at its line, and `check` accepts it',
  async () => {
    writeYaml(352)
    const { code, stderr } = await runMillrace(['--config', file], THROUGH)
    expect(code).toBe(78)
    expect(stderr).toContain(
      `${file}:4:19 limits.maxConnections: 352 connections need more file descriptors than there may be: this process can have 351`,
    )
    expect((await runMillrace(['check', '--config', file], THROUGH)).code).toBe(0)
  },
)

/** Enough for 42 connections: (200 - 64 - 1 - 50) / 2. Node needs more than 100 to load its modules. */
const FEW = { through: ['prlimit', '--nofile=200:200'] }
const ENOUGH_FOR = 42

describe.skipIf(areMissing('prlimit'))('a process that has as many connections as it can have', () => {
  let backend: Backend
  let millrace: Millrace
  let port: number
  let clients: Peer[]

  async function begin(limits: ProcessLimitsInput): Promise<void> {
    clients = []
    backend = (await Backend.listen()).echo()
    const config = writeConfig(folder, {
      listeners: [{ address: '127.0.0.1:0', cluster: 'only' }],
      clusters: { only: { backends: [backend.address] } },
      limits,
      admin: false,
    })
    millrace = new Millrace(['--config', config], FEW)
    port = await listeningPort(millrace)
    for (let count = 0; count < ENOUGH_FOR; count++) await expectEcho(await connect())
  }
  afterEach(async () => {
    for (const { socket } of clients) socket.destroy()
    await millrace.stop()
    await backend.close()
  })

  async function connect(): Promise<Peer> {
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
    clients.push(client)
    return client
  }

  async function expectEcho(client: Peer): Promise<void> {
    client.send(Buffer.from('hello'))
    await client.receive(client.sentBytes)
  }

  it('with `whenFull: wait` one more client waits until another one leaves', async () => {
    await begin({ whenFull: 'wait' })
    const further = await connect()
    further.send(Buffer.from('hello'))
    clients[0]!.end()
    const [first] = await millrace.records(1)
    await further.receive(5)
    further.end()
    const [, last] = await millrace.records(2)
    const firstEndedAt = Date.parse(first!.startedAt) + Math.floor(first!.timings.totalMs)
    // Both times are rounded down to whole ms.
    expect(Date.parse(last!.startedAt)).toBeGreaterThanOrEqual(firstEndedAt - 1)
    expect(millrace.lines.filter(({ msg }) => msg.startsWith('accepting pauses'))).toEqual([])
  })

  it('with `whenFull: refuse` one more client is refused, the record says why, and the others stay', async () => {
    await begin({ whenFull: 'refuse' })
    const others = [...clients]
    // The reset can come before the client knows that it is connected.
    await connect().then(
      ({ ended }) => ended,
      ({ code }) => expect(code).toBe('ECONNRESET'),
    )
    const [record] = await millrace.records(1)
    expect(record).toMatchObject({
      ended: { by: 'proxy', phase: 'opening', cause: 'limit: process connections' },
      termination: 'RR',
    })
    for (const client of others) await expectEcho(client)
  })

  it('with evictIdle it ends a connection that is idle, and keeps one that is not', async () => {
    await begin({ evictIdle: { afterMs: '1s' } })
    const [busy, idle] = clients
    const talking = setInterval(() => busy!.send(Buffer.from('.')), 100)
    const [record] = await millrace.records(1)
    clearInterval(talking)
    expect(record).toMatchObject({
      client: `127.0.0.1:${idle!.socket.localPort}`,
      ended: { by: 'proxy', phase: 'data', cause: 'evicted' },
      termination: 'KD',
    })
    await millrace.logged(({ msg }) => msg === 'idle connections are ended: file descriptors ran out')
  })
})
