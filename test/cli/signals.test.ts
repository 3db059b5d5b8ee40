/** Stopping the command: the first signal drains, the second signal ends it, and drainMs resets what is left. */
import { afterEach, describe, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { temporaryFolder } from '../support/folder.js'
import { listeningPort, Millrace, writeConfig } from '../support/millrace.js'
import { connectTo, type Peer } from '../support/peer.js'

const LOOPBACK = { kind: 'tcp', host: '127.0.0.1' } as const
const folder = temporaryFolder()

describe.each([
  ['with the addon', undefined],
  ['with native off', 'off'],
] as const)('the command %s', (_, native) => {
  let millrace: Millrace
  let port: number
  let client: Peer
  let backend: Peer
  let server: Backend

  async function start(timeouts: { drainMs?: number } = {}): Promise<void> {
    server = await Backend.listen()
    const config = writeConfig(folder, {
      listeners: [{ address: '127.0.0.1:0', cluster: 'only' }],
      clusters: { only: { backends: [server.address] } },
      timeouts,
    })
    millrace = new Millrace(['--config', config], { native })
    port = await listeningPort(millrace)
    // Until then millrace loads files, and reads little of what clients send.
    await millrace.logged(({ msg }) => msg.startsWith('admin on'))
    client = await connectTo({ ...LOOPBACK, port })
    backend = await server.accepted()
    client.send(pattern(1, 1000))
    await backend.receive(1000)
  }

  afterEach(async () => {
    await millrace.program.kill()
    client.socket.destroy()
    await server.close()
  })

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'after %s, millrace accepts nobody, finishes its connections and exits with 0',
    async (signal) => {
      await start()
      millrace.program.child.kill(signal)
      await millrace.logged(({ msg }) => msg === 'draining')
      await expect(connectTo({ ...LOOPBACK, port })).rejects.toThrow('ECONNREFUSED')
      backend.send(pattern(2, 5_000_000))
      backend.end()
      expect(await client.ended).toBe('fin')
      expect(client.missingFrom(backend)).toBeUndefined()
      client.end()
      expect(await millrace.program.exited).toEqual({ code: 0, signal: null })
      expect(await millrace.logged(({ msg }) => msg === 'drained')).toMatchObject({ finished: 1, cut: 0 })
      expect(await millrace.records(1)).toMatchObject([{ bytesDown: 5_000_000, termination: '--' }])
    },
  )

  /** Sends bytes that cannot arrive, because the backend reads none; returns the error of the client's socket. */
  function stallUpwards(): Promise<string> {
    backend.pause()
    client.send(pattern(3, 20_000_000))
    return new Promise((resolve) => {
      client.socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? ''))
    })
  }

  it('a second signal makes millrace reset its connections and exit with 1 at once', async () => {
    await start()
    const broken = stallUpwards()
    millrace.program.child.kill('SIGTERM')
    await millrace.logged(({ msg }) => msg === 'draining')
    millrace.program.child.kill('SIGINT')
    expect(await broken).toMatch(/^(ECONNRESET|EPIPE)$/)
    expect(await millrace.program.exited).toEqual({ code: 1, signal: null })
    expect(await millrace.records(1)).toMatchObject([{ termination: 'KD' }])
  })

  it('after drainMs, millrace resets the connections that are left and exits with 0', async () => {
    await start({ drainMs: 200 })
    const broken = stallUpwards()
    expect(await millrace.stop()).toEqual({ code: 0, signal: null })
    expect(await broken).toMatch(/^(ECONNRESET|EPIPE)$/)
    expect(await millrace.logged(({ msg }) => msg === 'drained')).toMatchObject({ finished: 0, cut: 1 })
    expect(await millrace.records(1)).toMatchObject([{ termination: 'KD' }])
  })

  it('millrace opens no inspector on SIGUSR1', async () => {
    await start()
    millrace.program.child.kill('SIGUSR1')
    client.send(pattern(1, 1000))
    await backend.receive(2000)
    client.end()
    backend.end()
    await millrace.stop()
    expect(millrace.program.stderr).toBe('')
  })
})
