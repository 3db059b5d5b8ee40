import { createServer } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { ProbeResult, ProbeTarget } from '../../src/probes/check.js'
import { probe } from '../../src/probes/probe.js'

const servers: ReturnType<typeof createServer>[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listening(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).resume())
  servers.push(server)
  return await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
}

const target = (port: number): ProbeTarget => ({
  address: { kind: 'tcp', host: '127.0.0.1', port },
  host: 'localhost',
  sendProxy: undefined,
  startTls: undefined,
  tls: undefined,
  timeoutMs: 10_000,
})

const check = (to: ProbeTarget): Promise<ProbeResult> =>
  new Promise((resolve) => probe({ kind: 'tcp' }, to, resolve))

it('a tcp check passes with L4OK when the connect succeeds', async () => {
  expect(await check(target(await listening()))).toEqual({ passed: true, reason: 'L4OK', detail: undefined })
})

it('a tcp check of a closed port fails with L4CON', async () => {
  const port = await listening()
  servers.pop()?.close()
  expect(await check(target(port))).toEqual({ passed: false, reason: 'L4CON', detail: 'ECONNREFUSED' })
})
