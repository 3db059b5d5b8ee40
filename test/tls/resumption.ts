/** Session tickets of clients whose TLS ends at millrace: where and for how long they work. */
import { once } from 'node:events'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { TlsInput } from '../../src/config/listener-input.js'
import { Bed } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'

type Pair = Awaited<ReturnType<typeof selfSigned>>

export function describeResumption(): void {
  const folder = temporaryFolder()
  let first: Pair
  let second: Pair
  let backend: Backend
  let bed: Bed

  beforeAll(async () => {
    first = await selfSigned(folder, { names: ['first.test'], prefix: 'first-' })
    second = await selfSigned(folder, { names: ['second.test'], prefix: 'second-' })
  })
  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(async () => await bed.end())

  /** Starts a proxy with a listener for each of these settings. */
  const start = async (...settings: TlsInput[]) => {
    const listeners = settings.map((tls, index) => ({
      name: `front-${index}`,
      address: '127.0.0.1:0',
      cluster: 'back',
      tls,
    }))
    bed = await Bed.start({ backends: [backend], listeners })
  }

  /** Connects a client that accepts every certificate, and waits for its session. */
  const open = async (options: ConnectionOptions, listener: number): Promise<TLSSocket> => {
    const port = Number(bed.address(listener).split(':').at(-1))
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
    socket.on('error', () => {})
    // If TLS 1.2 resumes, Node sends no event for the new ticket.
    await once(socket, options.maxVersion === 'TLSv1.2' ? 'secureConnect' : 'session')
    return socket
  }

  const sessionOf = async (options: ConnectionOptions, listener = 0): Promise<Buffer> => {
    const socket = await open(options, listener)
    const session = socket.getSession()!
    socket.destroy()
    return session
  }

  const isResumed = async (options: ConnectionOptions, listener = 0): Promise<boolean> => {
    const socket = await open(options, listener)
    const isReused = socket.isSessionReused()
    socket.destroy()
    return isReused
  }

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'millrace resumes sessions of %s until their ticket keys are too old',
    async (version) => {
      const options = { servername: 'first.test', minVersion: version, maxVersion: version }
      await start({ ...first, certificates: [second] })
      const session = await sessionOf(options)
      expect(await isResumed({ ...options, session })).toBe(true)
      expect(await isResumed({ ...options, session: await sessionOf({ ...options, session }) })).toBe(true)
      bed.proxy.tickets.rotate()
      bed.proxy.tickets.rotate()
      expect(await isResumed({ ...options, session })).toBe(true)
      bed.proxy.tickets.rotate()
      expect(await isResumed({ ...options, session })).toBe(false)
      expect(await isResumed({ ...options, session: await sessionOf(options) })).toBe(true)
    },
  )

  it('millrace resumes sessions that began before it read the certificates again', async () => {
    const cert = join(folder, 'renewed-cert.pem')
    copyFileSync(first.cert, cert)
    await start({ cert, key: first.key })
    const session = await sessionOf({})
    writeFileSync(cert, `${readFileSync(first.cert, 'utf8')}\n`)
    await bed.reload({})
    await bed.told(/certificates were read again/)
    expect(await isResumed({ session })).toBe(true)
  })

  it('millrace resumes no session of a listener with another clientCa', async () => {
    const asking = { ...first, clientCert: 'request' } as const
    await start({ ...asking, clientCa: second.cert }, { ...asking, clientCa: first.cert })
    const session = await sessionOf({ cert: readFileSync(second.cert), key: readFileSync(second.key) })
    expect(await isResumed({ session })).toBe(true)
    expect(await isResumed({ session }, 1)).toBe(false)
  })
}
