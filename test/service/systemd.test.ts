/** The command under a service manager: systemd's own programs, and socat in the place of the manager. */
import { afterEach, describe, expect, test } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { temporaryFolder } from '../support/folder.js'
import { listeningPort, Millrace, writeConfig } from '../support/millrace.js'
import { areMissing } from '../support/programs.js'
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
