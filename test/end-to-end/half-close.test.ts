/** socat on both ends, each closing its own way first: the other way goes on until it is done. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { difference, pattern } from '../support/bytes.js'
import { forwardTo } from '../support/millrace.js'
import { expectBulk, isAdaptive, modes } from '../support/modes.js'
import { connectTo } from '../support/peer.js'
import { areMissing, freePort, listeningOn, Program, run } from '../support/programs.js'

const BYTES = 8 * 1024 * 1024
/** socat itself gives the other way up this long after one has ended (s). */
const PATIENCE = '-t20'

describe.skipIf(areMissing('socat')).each(modes())('socat, $name', (mode) => {
  /** A backend that does for one client what `peer` says, which is socat's name for the other end. */
  async function serve(peer: string): Promise<{ server: Program; address: string }> {
    const port = await freePort()
    const server = new Program('socat', [PATIENCE, `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr`, peer])
    await listeningOn(port, server)
    return { server, address: `127.0.0.1:${port}` }
  }

  it('has its answer after it has sent everything and closed its way', async () => {
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

  it('takes everything after it has answered and closed its way', async () => {
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
