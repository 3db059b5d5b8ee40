/** The command under a service manager: systemd's own programs, and socat in the place of the manager. */
import { chmodSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { temporaryFolder } from '../support/folder.js'
import { listeningPort, Millrace, runMillrace, writeConfig } from '../support/millrace.js'
import { connectTo, type Peer } from '../support/peer.js'
import { areMissing, freePort, listeningOn } from '../support/programs.js'
import { ServiceManager } from '../support/service-manager.js'

const folder = temporaryFolder()
const { native } = loadNative()
const BACKEND = { backends: ['127.0.0.1:9'] }

const config = (workers: number): string =>
  writeConfig(folder, {
    workers,
    listeners: [{ name: 'web', address: '127.0.0.1:0', cluster: 'only' }],
    clusters: { only: BACKEND },
    admin: { address: `unix:${folder}/admin-${workers}` },
  })

describe.skipIf(areMissing('socat'))('the command with a notify socket', () => {
  let manager: ServiceManager
  let millrace: Millrace
  afterEach(async () => {
    await millrace.program.kill()
    await manager.close()
  })

  test.skipIf(native === undefined).each([1, 2])(
    'with %i workers the service manager learns of start, reload and stop',
    async (workers) => {
      manager = await ServiceManager.listen(`@millrace-${process.pid}-${workers}`)
      const env = { NOTIFY_SOCKET: manager.socket, WATCHDOG_USEC: '200000' }
      millrace = new Millrace(['--config', config(workers)], { env })
      await manager.told(/^READY=1STATUS=running, 0 connections.*WATCHDOG=1/s)
      millrace.program.child.kill('SIGHUP')
      await manager.told(/RELOADING=1\nMONOTONIC_USEC=\d+(WATCHDOG=1)*READY=1/)
      expect(await millrace.stop()).toEqual({ code: 0, signal: null })
      await manager.told(/STOPPING=1(WATCHDOG=1)*EXTEND_TIMEOUT_USEC=30000000/)
    },
  )

  test('without the addon millrace logs once that the service manager gets no notices', async () => {
    manager = await ServiceManager.listen(`${folder}/notify`)
    const env = { NOTIFY_SOCKET: manager.socket }
    millrace = new Millrace(['--config', config(1)], { env, native: 'off' })
    await listeningPort(millrace)
    await millrace.stop()
    const told = millrace.lines.filter(({ msg }) => msg === 'the service manager gets no notices')
    expect(told).toMatchObject([{ level: 40, reason: 'there is no addon' }])
    expect(manager.notices).toBe('')
  })
})

describe.skipIf(areMissing('systemd-socket-activate'))('socket activation', () => {
  let millrace: Millrace
  let backend: Backend
  let port: number
  const clients: Peer[] = []

  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy()
    await millrace.program.kill()
    await backend.close()
  })

  /** It starts millrace when the first client comes. */
  async function activate(address: string, workers: number, env: Record<string, string>): Promise<void> {
    backend = (await Backend.listen()).echo()
    port = await freePort()
    const file = writeConfig(folder, {
      workers,
      listeners: [{ name: 'web', address, cluster: 'only' }],
      clusters: { only: { backends: [backend.address] } },
      admin: 'fd:admin',
    })
    const given = Object.entries({ XDG_RUNTIME_DIR: folder, ...env }).flatMap(([name, value]) => [
      '-E',
      `${name}=${value}`,
    ])
    const admin = `${folder}/${workers}-${port}.sock`
    const through = [
      'systemd-socket-activate',
      ...given,
      '-l',
      `127.0.0.1:${port}`,
      '-l',
      admin,
      '--fdname=front:admin',
    ]
    millrace = new Millrace(['--config', file], { through })
    await listeningOn(port, millrace.program)
    chmodSync(admin, 0o600)
    await connect()
  }

  async function connect(): Promise<void> {
    clients.push(await connectTo({ kind: 'tcp', host: '127.0.0.1', port }))
  }

  async function expectServed(client: Peer): Promise<void> {
    client.send(pattern(1, 1000))
    client.end()
    expect(await client.ended).toBe('fin')
    expect(client.received.equals(client.sent)).toBe(true)
  }

  test.each([
    ['one worker', 1, {}],
    ['two workers', 2, {}],
    ['native off', 1, { MILLRACE_NATIVE: 'off' }],
    ['two workers and native off', 2, { MILLRACE_NATIVE: 'off' }],
  ])(
    'with %s the client that came before millrace is served, also after a reload',
    async (_, workers, env) => {
      await activate('fd:front', workers, env)
      await millrace.logged(({ msg }) => msg === `listening on 127.0.0.1:${port}`)
      await millrace.logged(({ msg }) => msg.startsWith('admin on unix:'))
      await expectServed(clients[0]!)
      millrace.program.child.kill('SIGHUP')
      await millrace.logged(({ msg }) => msg === 'config reloaded')
      await connect()
      await expectServed(clients[1]!)
      expect(await millrace.stop()).toEqual({ code: 0, signal: null })
    },
  )

  test('a name that systemd does not know is a problem of the config, with the names that exist', async () => {
    await activate('fd:fornt', 1, {})
    expect(await millrace.program.exited).toEqual({ code: 78, signal: null })
    expect(millrace.program.stderr).toMatch(
      /: no socket has the name "fornt": write one of fd:front \(fd 3\), fd:admin \(fd 4\)\n$/,
    )
  })

  test('a socket that no listener uses is named in the log', async () => {
    await activate('127.0.0.1:0', 1, {})
    const { sockets } = await millrace.logged(({ msg }) => msg.startsWith('no listener uses'))
    expect(sockets).toEqual(['fd:front (fd 3)'])
  })
})

test('millrace check takes any name of a socket for good', async () => {
  const listeners = [
    { address: 'fd:front', cluster: 'only' },
    { address: 'fd:back', cluster: 'only' },
  ]
  const file = writeConfig(folder, { listeners, clusters: { only: BACKEND }, admin: 'fd:admin' })
  expect(await runMillrace(['check', '--config', file])).toMatchObject({ code: 0, stderr: '' })
})
