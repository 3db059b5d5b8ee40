/**
 * Thousands of clients that connect and send nothing useful. Each is ended with a record, at once or by its deadline, and
 * costs little. Meanwhile good traffic through the same listeners goes on.
 */

import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { helloOf } from '../support/hello.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { modes, WITHOUT_NATIVE } from '../support/modes.js'
import { areMissing } from '../support/programs.js'
import { until } from '../support/wait.js'

const EACH = 625
const FIRST_BYTES_MS = 4000
const TRICKLE_MS = 500
const HEADER = 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'
const MODES = [...new Set([modes()[0]!, WITHOUT_NATIVE])]

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })

interface Opener {
  readonly name: string
  readonly listener: 'proxy' | 'sni' | 'http' | 'tls'
  readonly bytes: Buffer
  /** Whether the client sends one more byte now and then. */
  readonly trickles?: boolean
  readonly cause: RegExp
}

const OPENERS: readonly Opener[] = [
  { name: 'nothing', listener: 'sni', bytes: Buffer.alloc(0), cause: /^first-bytes-timeout$/ },
  {
    name: 'half a ClientHello',
    listener: 'sni',
    bytes: Buffer.from([22, 3, 1, 1]),
    cause: /^first-bytes-timeout$/,
  },
  {
    name: 'half a PROXY header',
    listener: 'proxy',
    bytes: Buffer.from(HEADER.slice(0, 20)),
    cause: /^proxy-header: too slow$/,
  },
  {
    name: 'a head that never ends',
    listener: 'http',
    bytes: Buffer.from('GET / HTTP/1.1\r\nX: '),
    trickles: true,
    cause: /^first-bytes-timeout$/,
  },
  { name: '16 KiB of a', listener: 'http', bytes: Buffer.alloc(16_384, 'a'), cause: /^bad-request: / },
  {
    name: 'TLS to a plain port',
    listener: 'http',
    bytes: Buffer.from([22, 3, 1, 1, 0, 1]),
    cause: /^bad-request: /,
  },
  {
    name: 'HTTP to a TLS port',
    listener: 'tls',
    bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    cause: /^bad-hello: not TLS$/,
  },
  { name: 'nothing, to a TLS port', listener: 'tls', bytes: Buffer.alloc(0), cause: /^first-bytes-timeout$/ },
]

describe.skipIf(areMissing('openssl')).each(MODES)(`${EACH * OPENERS.length} bad clients, $name`, (mode) => {
  const folder = temporaryFolder()
  let echo: Server
  let millrace: Millrace
  let ports: Readonly<Record<string, number>>

  beforeAll(async () => {
    echo = createServer((socket) => socket.pipe(socket).on('error', () => {})).listen(0, '127.0.0.1')
    await once(echo, 'listening')
    const acceptProxy = { from: ['127.0.0.1'], timeoutMs: FIRST_BYTES_MS }
    const config = {
      timeouts: { firstBytesMs: FIRST_BYTES_MS },
      listeners: [
        { name: 'proxy', address: '127.0.0.1:0', acceptProxy, cluster: 'echo' },
        { name: 'sni', address: '127.0.0.1:0', routes: [{ sni: 'a.test', cluster: 'echo' }] },
        { name: 'http', address: '127.0.0.1:0', protocol: 'http', cluster: 'echo' },
        { name: 'tls', address: '127.0.0.1:0', tls: await selfSigned(folder), cluster: 'echo' },
      ],
      clusters: { echo: { backends: [`127.0.0.1:${(echo.address() as AddressInfo).port}`] } },
    } as const
    ;({ millrace, ports } = await startWith(folder, config, mode))
  })
  afterAll(() => void echo.close())

  const pid = (): number => millrace.program.child.pid!
  const residentKiB = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid()}/status`, 'utf8'))![1])
  const fdsOf = (kind: RegExp): number =>
    readdirSync(`/proc/${pid()}/fd`).filter((fd) => {
      try {
        return kind.test(readlinkSync(`/proc/${pid()}/fd/${fd}`))
      } catch {
        return false
      }
    }).length

  const open = async ({ listener, bytes }: Opener): Promise<Socket> => {
    const socket = connect(ports[listener]!, '127.0.0.1')
    socket.on('error', () => {})
    socket.on('end', () => socket.end())
    socket.resume()
    // `once` would reject with the error in which these sockets must end.
    await new Promise<void>((resolve) => {
      socket.once('connect', resolve)
      socket.once('close', () => resolve())
    })
    if (bytes.length > 0) socket.write(bytes)
    return socket
  }

  const openAll = async (each: number): Promise<Map<Opener, Socket[]>> => {
    const all = new Map<Opener, Socket[]>()
    for (const opener of OPENERS) {
      const sockets: Socket[] = []
      while (sockets.length < each) {
        sockets.push(...(await Promise.all(Array.from({ length: 125 }, () => open(opener)))))
      }
      all.set(opener, sockets)
    }
    return all
  }

  /** One good client of this listener. It gets its bytes back unchanged. */
  const echoes = async (listener: string, first: Buffer, taken: number): Promise<void> => {
    const socket = connect(ports[listener]!, '127.0.0.1')
    const expected = Buffer.concat([first, Buffer.from('good traffic')]).subarray(taken)
    socket.write(Buffer.concat([first, Buffer.from('good traffic')]))
    const chunks: Buffer[] = []
    for await (const chunk of socket) {
      chunks.push(chunk as Buffer)
      if (Buffer.concat(chunks).length >= expected.length) break
    }
    socket.destroy()
    expect(Buffer.concat(chunks).equals(expected)).toBe(true)
  }

  it('bad clients get a record each, cost little and disturb no others', { timeout: 60_000 }, async () => {
    const hello = await helloOf({ servername: 'a.test' })
    const good = async (): Promise<void> => {
      await echoes('proxy', Buffer.from(HEADER), HEADER.length)
      await echoes('sni', hello, 0)
    }
    await good()
    // The memory that the first thousand leave behind belongs to Node, and stays.
    const early = await openAll(125)
    for (const socket of [...early.values()].flat()) socket.destroy()
    await millrace.records(OPENERS.length * 125 + 2)
    const [sockets, pipes, before] = [fdsOf(/^socket:/), fdsOf(/^pipe:/), residentKiB()]

    const openers = await openAll(EACH)
    const trickle = setInterval(() => {
      for (const [{ trickles }, all] of openers) if (trickles) for (const socket of all) socket.write('x')
    }, TRICKLE_MS)
    const eachKiB = (residentKiB() - before) / (EACH * OPENERS.length)
    expect(fdsOf(/^pipe:/)).toBeLessThanOrEqual(pipes)
    for (let i = 0; i < 20; i++) await good()
    await Promise.all([...openers.values()].flat().map(closed))
    clearInterval(trickle)
    for (let i = 0; i < 5; i++) await good()

    const total = 2 + OPENERS.length * 125 + EACH * OPENERS.length + 50
    const causes = (await millrace.records(total))
      .slice(-EACH * OPENERS.length - 50)
      .map(({ ended }) => ended.cause)
    const count = (cause: RegExp): number => causes.filter((each) => cause.test(each)).length
    for (const { cause } of OPENERS) {
      expect(count(cause)).toBe(EACH * OPENERS.filter((other) => other.cause.source === cause.source).length)
    }
    // 3 to 9 KiB, as the garbage collector has just run or not.
    expect(eachKiB).toBeLessThan(mode.native === 'off' ? 32 : 12)
    await until(() => fdsOf(/^socket:/) <= sockets)
  })
})
