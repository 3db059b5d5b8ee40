/** The command follows its limit on file descriptors: it says what they are enough for, and refuses a config that needs more. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
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

it.skipIf(areMissing('prlimit'))(
  'with evictIdle a process that has as many connections as it can have ends one that is idle, and keeps one that is not',
  async () => {
    const backend = (await Backend.listen()).echo()
    const config = writeConfig(folder, {
      listeners: [{ address: '127.0.0.1:0', cluster: 'only' }],
      clusters: { only: { backends: [backend.address] } },
      limits: { evictIdle: { afterMs: '1s' } },
      admin: false,
    })
    const millrace = new Millrace(['--config', config], FEW)
    const port = await listeningPort(millrace)
    const clients: Peer[] = []
    for (let count = 0; count < ENOUGH_FOR; count++) {
      const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
      clients.push(client)
      client.send(Buffer.from('hello'))
      await client.receive(5)
    }
    const [busy, ...others] = clients
    const talking = setInterval(() => busy!.send(Buffer.from('.')), 100)
    const [record] = await millrace.records(1)
    clearInterval(talking)
    expect(record).toMatchObject({
      client: `127.0.0.1:${others[0]!.socket.localPort}`,
      ended: { by: 'proxy', phase: 'data', cause: 'evicted' },
      termination: 'KD',
    })
    await millrace.logged(({ msg }) => msg === 'idle connections are ended: file descriptors ran out')
    for (const { socket } of clients) socket.destroy()
    await millrace.stop()
    await backend.close()
  },
)
