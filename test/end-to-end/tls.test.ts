/** TLS that passes through between openssl's client and server. The proxy sees bytes, the ends see one session. */
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { difference, pattern } from '../support/bytes.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { forwardTo } from '../support/millrace.js'
import { expectBulk, isAdaptive, modes } from '../support/modes.js'
import { areMissing, freePort, listeningOn, Program } from '../support/programs.js'

const BYTES = 8 * 1024 * 1024

describe.skipIf(areMissing('openssl')).each(modes())('openssl s_client and s_server, $name', (mode) => {
  const folder = temporaryFolder()
  let pair: { cert: string; key: string }

  beforeAll(async () => {
    pair = await selfSigned(folder)
  })

  it('openssl s_client and s_server exchange megabytes in one session through millrace', async () => {
    const backendPort = await freePort()
    const identity = ['-cert', pair.cert, '-key', pair.key]
    const server = new Program('openssl', [
      's_server',
      '-quiet',
      '-accept',
      `127.0.0.1:${backendPort}`,
      ...identity,
    ])
    await listeningOn(backendPort, server)
    const { millrace, port } = await forwardTo(`127.0.0.1:${backendPort}`, mode)
    const trust = ['-CAfile', join(folder, 'cert.pem'), '-verify_return_error', '-servername', 'localhost']
    const client = new Program('openssl', ['s_client', '-quiet', '-connect', `127.0.0.1:${port}`, ...trust])
    const question = pattern(1, BYTES)
    const answer = pattern(2, BYTES)
    client.child.stdin.write(question)
    await server.seen(() => server.stdoutLength >= BYTES)
    expect(difference(server.stdoutBytes, question)).toBeUndefined()
    server.child.stdin.write(answer)
    await client.seen(() => client.stdoutLength >= BYTES)
    expect(difference(client.stdoutBytes, answer)).toBeUndefined()
    await client.kill()
    const [record] = await millrace.records(1)
    expect(record!.bytesUp).toBeGreaterThan(BYTES)
    expect(record!.bytesDown).toBeGreaterThan(BYTES)
    if (!isAdaptive(mode)) expectBulk([record!], mode)
  })
})
