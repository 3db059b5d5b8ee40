/** TLS that passes through to one of two nginx, by the server name of openssl and curl. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { modes } from '../support/modes.js'
import { startNginx } from '../support/nginx.js'
import { areMissing, Program, run } from '../support/programs.js'

const BYTES = 4_000_000

describe.skipIf(areMissing('nginx', 'openssl', 'curl')).each(modes())('TLS by name, $name', (mode) => {
  const folder = temporaryFolder()
  let millrace: Millrace
  let port: number
  const certificates: string[] = []

  beforeAll(async () => {
    const nginx = async (name: string, names: readonly string[]): Promise<string> => {
      const own = join(folder, name)
      mkdirSync(own)
      writeFileSync(join(own, 'name'), name)
      writeFileSync(join(own, 'file'), Buffer.alloc(BYTES, name))
      const pair = await selfSigned(own, { names })
      certificates.push(pair.cert)
      return `127.0.0.1:${await startNginx(own, pair)}`
    }
    const shop = await nginx('shop', ['shop.test', 'www.shop.test'])
    const apps = await nginx('apps', ['*.apps.test', 'shop.test'])
    const config = {
      listeners: [
        {
          name: 'front',
          address: '127.0.0.1:0',
          routes: [
            { sni: ['shop.test', 'www.shop.test'], cluster: 'shop' },
            { sni: '*.apps.test', cluster: 'apps' },
          ],
          onNoSni: 'apps',
          onBadHello: 'reject',
        },
      ],
      clusters: { shop: { backends: [shop] }, apps: { backends: [apps] } },
    }
    const started = await startWith(folder, config, mode)
    millrace = started.millrace
    port = started.ports.front!
  })

  const curl = (host: string, path: string, ...more: string[]) => {
    const known = ['-sS', '-k', '--resolve', `${host}:${port}:127.0.0.1`]
    return run('curl', [...known, ...more, `https://${host}:${port}/${path}`])
  }

  it.each([
    ['shop.test', 'shop'],
    ['WWW.Shop.Test', 'shop'],
    ['a.apps.test', 'apps'],
    ['b.APPS.test', 'apps'],
  ])('curl that asks for %s reaches the nginx of %s', async (host, name) => {
    expect(await curl(host, 'name')).toMatchObject({ code: 0, stdout: name })
  })

  it('curl gets the certificate of the backend when TLS passes through', async () => {
    const trust = ['--cacert', certificates[0]!]
    const known = ['-sS', '--resolve', `shop.test:${port}:127.0.0.1`, ...trust]
    expect(await run('curl', [...known, `https://shop.test:${port}/name`])).toMatchObject({
      code: 0,
      stdout: 'shop',
    })
  })

  it('a file that passes through in TLS is whole, and spliced from its first byte with splice: on', async () => {
    const received = join(folder, 'received')
    expect(await curl('shop.test', 'file', '-o', received)).toMatchObject({ code: 0, stderr: '' })
    const record = (await millrace.logged(
      (line) => line.msg === 'connection' && Number(line.bytesDown) > BYTES,
    )) as unknown as {
      bytesUp: number
      splicedUp: number
      bytesDown: number
      splicedDown: number
      sni: string
    }
    expect(record.sni).toBe('shop.test')
    if (mode.splice === 'on' && mode.native !== 'off') {
      expect(record.splicedUp).toBe(record.bytesUp)
      expect(record.splicedDown).toBe(record.bytesDown)
    }
    if (mode.native === 'off' || mode.splice === 'off') expect(record.splicedDown).toBe(0)
  })

  it.each([
    ['a name that matches no route', ['-servername', 'other.test'], 'no-route'],
    ['two labels for a wildcard of one', ['-servername', 'a.b.apps.test'], 'no-route'],
  ])('a connection of openssl with %s ends at once', async (_, args, cause) => {
    const { code } = await run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args])
    expect(code).not.toBe(0)
    const isIt = (line: Record<string, unknown>): boolean =>
      (line.ended as { cause?: string } | undefined)?.cause === cause && line.sni === args[1]
    await millrace.logged(isIt)
  })

  it('openssl without a server name reaches the cluster of onNoSni', async () => {
    const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-noservername', '-alpn', 'http/1.1']
    const client = new Program('openssl', args)
    await client.seen(() => /ALPN protocol: http\/1\.1/.test(client.stdout))
    await client.kill()
    const record = await millrace.logged((line) => (line.alpn as string[] | undefined)?.[0] === 'http/1.1')
    expect(record).toMatchObject({ cluster: 'apps', protocol: 'TLS' })
    expect(record.sni).toBeUndefined()
  })

  it('a connection with plain HTTP instead of TLS ends at once', async () => {
    const { code, stdout } = await run('curl', ['-sS', `http://127.0.0.1:${port}/`])
    expect({ code, stdout }).toEqual({ code: 56, stdout: '' })
    await millrace.logged(
      ({ ended }) => (ended as { cause?: string } | undefined)?.cause === 'bad-hello: not TLS',
    )
  })
})
