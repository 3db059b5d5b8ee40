/** Reloads while clients come and go as fast as they can. No client may notice any reload. */

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, connect as netConnect, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AdminClient } from '../../src/command/client.js'
import type { ProxyConfig } from '../../src/config/input.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { modes } from '../support/modes.js'

const RELOADS = 1000
const CLIENTS = 8
const HELLO = Buffer.from('hello')

describe.each(modes().slice(0, 2))('a thousand reloads, $name', (mode) => {
  const folder = temporaryFolder()
  const servers: Server[] = []
  let millrace: Millrace

  beforeEach(async () => {
    for (let i = 0; i < 2; i++) {
      const server = createServer((socket) => {
        socket.on('error', () => {})
        socket.pipe(socket)
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      servers.push(server)
    }
  })
  afterEach(async () => {
    await millrace.program.kill()
    for (const server of servers.splice(0)) server.close()
  })

  /** Every second config has another cluster, other weights and timeouts, and a second listener. */
  function config(turn: number, admin: string): ProxyConfig {
    const [one, two] = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`)
    const isEven = turn % 2 === 0
    const more = isEven ? [] : [{ name: 'more', address: '127.0.0.1:0', cluster: 'b' }]
    return {
      splice: mode.splice,
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: isEven ? 'a' : 'b' }, ...more],
      clusters: {
        a: { backends: [one!, { address: two!, weight: 1 + (turn % 7) }] },
        b: { backends: isEven ? [one!, two!] : [two!] },
      },
      timeouts: { idleMs: isEven ? '10m' : '5m' },
      log: { access: { sample: 0, always: ['errors'] } },
      admin,
    }
  }

  it('a thousand reloads refuse and reset no client, and keep established connections', async () => {
    const admin = `unix:${folder}/admin.sock`
    const started = await startWith(folder, config(0, admin), mode)
    millrace = started.millrace
    await millrace.logged(({ msg }) => msg.startsWith('admin on'))
    const port = started.ports.front!
    const lasting = netConnect(port, '127.0.0.1')
    await once(lasting, 'connect')
    let isOver = false
    let served = 0
    const come = async (): Promise<void> => {
      while (!isOver) {
        await visit(port)
        served++
      }
    }
    const visitors = Array.from({ length: CLIENTS }, come)
    const client = new AdminClient({
      address: { kind: 'unix', path: `${folder}/admin.sock` },
      token: undefined,
    })
    for (let turn = 1; turn <= RELOADS; turn++) {
      writeFileSync(started.file, JSON.stringify(config(turn, admin)))
      await client.ask('POST', '/api/v1/reload')
    }
    isOver = true
    await Promise.all(visitors)
    lasting.end(HELLO)
    expect(Buffer.concat(await lasting.toArray())).toEqual(HELLO)
    expect(served).toBeGreaterThan(RELOADS)
    const errors = millrace.lines.filter(({ msg, level }) => msg === 'connection' || level >= 40)
    expect(errors).toEqual([])
  }, 120_000)
})

/** One client says hello, gets it back and leaves. Rejects if anything else happens. */
async function visit(port: number): Promise<void> {
  const socket = netConnect(port, '127.0.0.1')
  socket.end(HELLO)
  const heard = Buffer.concat(await socket.toArray())
  if (!heard.equals(HELLO)) throw new Error(`a visitor heard ${heard.length} bytes`)
}
