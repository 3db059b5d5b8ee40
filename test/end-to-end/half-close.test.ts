/** socat on both ends: one end closes its direction first, and the other direction goes on until it is done. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { difference, pattern } from '../support/bytes.js'
import { forwardTo } from '../support/millrace.js'
import { expectBulk, isAdaptive, modes } from '../support/modes.js'
import { connectTo } from '../support/peer.js'
import { areMissing, freePort, listeningOn, Program, run } from '../support/programs.js'

const BYTES = 8 * 1024 * 1024
/** socat itself closes the other direction this many seconds after the first one. */
const PATIENCE = '-t20'

describe.skipIf(areMissing('socat')).each(modes())('socat, $name', (mode) => {
  /** A socat backend for one client. `peer` is the socat address to which it joins the client. */
  async function serve(peer: string): Promise<{ server: Program; address: string }> {
    const port = await freePort()
    const server = new Program('socat', [PATIENCE, `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr`, peer])
    await listeningOn(port, server)
    return { server, address: `127.0.0.1:${port}` }
  }

  it('a client gets its answer after it has closed its direction', async () => {
    const { address } = await serve('SYSTEM:sha256sum')
    const { millrace, port } = await forwardTo(address, mode)
    const input = pattern(3, BYTES)
    const { code, stdout } = await run('socat', [PATIENCE, '-', `TCP:127.0.0.1:${port}`], { input })
    expect(code).toBe(0)
    expect(stdout).toContain(createHash('sha256').update(input).digest('hex'))
    const [record] = await millrace.records(1)
    expect(record).toMatchObject({ bytesUp: BYTES, bytesDown: stdout.length, termination: '--' })
    expect(record!.ended).toEqual({ by: 'client', phase: 'data', cause: 'finished' })
    if (!isAdaptive(mode)) expectBulk([record!], mode)
  })

  it('a backend gets all bytes of the client after it has closed its direction', async () => {
    const { server, address } = await serve('-')
    const { millrace, port } = await forwardTo(address, mode)
    server.child.stdin.end('first\n')
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
    expect(await client.ended).toBe('fin')
    expect(client.received.toString()).toBe('first\n')
    client.send(pattern(4, BYTES))
    client.end()
    await server.exited
    expect(difference(server.stdoutBytes, client.sent)).toBeUndefined()
    const [record] = await millrace.records(1)
    expect(record).toMatchObject({ bytesUp: BYTES, bytesDown: 'first\n'.length, termination: '--' })
    expect(record!.ended).toEqual({ by: 'backend', phase: 'data', cause: 'finished' })
    if (!isAdaptive(mode)) expectBulk([record!], mode)
  })
})
