/** What `millrace check` says of certificates and keys: the place in the config, the file and what to do. */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkConfigFile, loadConfigFile } from '../../../src/config/load.js'
import { selfSigned } from '../../support/certificate.js'
import { temporaryFolder } from '../../support/folder.js'
import { runMillrace } from '../../support/millrace.js'
import { areMissing, run } from '../../support/programs.js'
import { failureOf } from '../config-file.js'

describe.skipIf(areMissing('openssl'))('check of certificates', () => {
  const folder = temporaryFolder()
  const at = (name: string): string => join(folder, name)
  const file = at('millrace.yaml')
  const text = (name: string): string => readFileSync(at(name), 'utf8')
  const write = (name: string, content: string): void => writeFileSync(at(name), content)
  const openssl = async (...args: string[]): Promise<void> => {
    expect(await run('openssl', args)).toMatchObject({ code: 0 })
  }

  beforeAll(async () => {
    await selfSigned(folder, { prefix: 'a-' })
    await selfSigned(folder, { prefix: 'b-', kind: 'rsa' })
    await selfSigned(folder, { prefix: 'old-', hasExpired: true })
    const secret = ['-passout', 'pass:secret', '-out']
    await openssl('pkey', '-in', at('b-key.pem'), '-aes256', ...secret, at('locked.pem'))
    await openssl('rsa', '-in', at('b-key.pem'), '-aes256', '-traditional', ...secret, at('locked-rsa.pem'))
    await openssl('x509', '-in', at('a-cert.pem'), '-outform', 'DER', '-out', at('a.der'))
    const both = ['-in', at('a-cert.pem'), '-inkey', at('a-key.pem')]
    await openssl('pkcs12', '-export', ...both, '-passout', 'pass:secret', '-out', at('a.p12'))
    await openssl('pkey', '-in', at('b-key.pem'), '-pubout', '-out', at('public.pem'))
    const small = ['-newkey', 'rsa:512', '-keyout', at('small-key.pem'), '-out', at('small-cert.pem')]
    await openssl('req', '-x509', '-nodes', '-subj', '/CN=small', ...small)
    write('chain.pem', text('a-cert.pem') + text('b-cert.pem'))
    write('old-chain.pem', text('a-cert.pem') + text('old-cert.pem'))
    write('cut.pem', text('a-cert.pem') + text('b-cert.pem').slice(0, 200))
    write('damaged.pem', text('a-cert.pem').replace(/\n.{20}/, '\n????'))
    write('damaged-key.pem', text('b-key.pem').replace(/\n.{20}/, '\nAAAA'))
  })

  const configOf = (listenerTls: object, clusterTls?: object): string =>
    JSON.stringify({
      listeners: [{ address: '127.0.0.1:1', cluster: 'web', tls: listenerTls }],
      clusters: { web: { backends: ['127.0.0.1:2'], tls: clusterTls } },
    })

  /** The problems, with names of files instead of paths. */
  const checked = (listenerTls: object, clusterTls?: object): string[] => {
    writeFileSync(file, configOf(listenerTls, clusterTls))
    return failureOf(() => checkConfigFile(file, {})).problems.map(({ line, path, message }) => {
      expect(line).toBe(1)
      return `${path}: ${message.replaceAll(`${folder}/`, '')}`
    })
  }

  it.each([
    [
      'a-cert.pem',
      'b-key.pem',
      'key: b-key.pem is not the key of a-cert.pem: use the key that its request was made with',
    ],
    [
      'chain.pem',
      'b-key.pem',
      'cert: b-key.pem is the key of certificate 2 of chain.pem: put that certificate first',
    ],
    [
      'b-cert.pem',
      'locked.pem',
      'key: locked.pem needs a passphrase, which millrace cannot ask for: remove it (openssl pkey -in locked.pem -out NEW)',
    ],
    [
      'b-cert.pem',
      'locked-rsa.pem',
      'key: locked-rsa.pem needs a passphrase, which millrace cannot ask for: remove it (openssl pkey -in locked-rsa.pem -out NEW)',
    ],
    ['old-cert.pem', 'old-key.pem', /^cert: old-cert\.pem has expired \(\d{4}-\d\d-\d\d\): renew it$/],
    [
      'a.der',
      'a-key.pem',
      'cert: a.der holds no certificate in PEM, but DER: convert it (openssl x509 -inform DER -in a.der -out NEW)',
    ],
    [
      'a.p12',
      'a.p12',
      [
        'cert: a.p12 holds no certificate in PEM, but PKCS #12: convert it (openssl pkcs12 -in a.p12 -nodes -out NEW)',
        'key: a.p12 holds no private key in PEM, but PKCS #12: convert it (openssl pkcs12 -in a.p12 -nodes -out NEW)',
      ],
    ],
    [
      'old-chain.pem',
      'a-key.pem',
      /^cert: certificate 2 of old-chain\.pem has expired \(\d{4}-\d\d-\d\d\): renew it$/,
    ],
    [
      'damaged.pem',
      'a-key.pem',
      'cert: damaged.pem cannot be read, because its PEM is damaged: write it again',
    ],
    [
      'cut.pem',
      'a-key.pem',
      'cert: certificate 2 of cut.pem cannot be read, because its PEM is damaged: write it again',
    ],
    [
      'b-cert.pem',
      'damaged-key.pem',
      'key: damaged-key.pem cannot be read, because its PEM is damaged or of a kind that OpenSSL does not know: write another key',
    ],
    ['b-cert.pem', 'public.pem', 'key: public.pem holds no private key in PEM. Use a PEM file that has one'],
    [
      'small-cert.pem',
      'small-key.pem',
      'cert: OpenSSL refuses small-cert.pem and its key: ee key too small. Use another certificate and key',
    ],
  ])('`millrace check` says what is wrong with the certificate %s and the key %s', (cert, key, expected) => {
    const problems = checked({ cert: at(cert), key: at(key) })
    expect(problems).toEqual(
      [expected]
        .flat()
        .map((text) =>
          typeof text === 'string'
            ? `listeners[0].tls.${text}`
            : expect.stringMatching(new RegExp(text.source.replace('^', '^listeners\\[0\\]\\.tls\\.'))),
        ),
    )
    expect(problems.join()).not.toMatch(/error:[0-9A-F]/)
  })

  it('`millrace check` says that cert and key are swapped', () => {
    expect(checked({ cert: at('a-key.pem'), key: at('a-cert.pem') })).toEqual([
      'listeners[0].tls.cert: a-key.pem holds no certificate in PEM. Use a PEM file that has one. Are "cert" and "key" swapped?',
      'listeners[0].tls.key: a-cert.pem holds no private key in PEM. Are "cert" and "key" swapped?',
    ])
  })

  it('`millrace check` says what is wrong with PEM text in the config', () => {
    expect(checked({ cert: text('a-cert.pem'), key: text('b-key.pem') })).toEqual([
      'listeners[0].tls.key: the key is not the key of the certificate: use the key that its request was made with',
    ])
    expect(checked({ cert: text('b-cert.pem'), key: text('locked.pem') })).toEqual([
      'listeners[0].tls.key: the key needs a passphrase, which millrace cannot ask for: remove it (openssl pkey -in FILE -out NEW)',
    ])
  })

  it('`millrace check` checks further certificates, those of clusters, and CAs', () => {
    const good = { cert: at('a-cert.pem'), key: at('a-key.pem') }
    const bad = { cert: at('b-cert.pem'), key: at('a-key.pem') }
    expect(
      checked(
        { ...good, certificates: [good, bad], clientCa: at('cut.pem') },
        { ...bad, ca: at('damaged.pem') },
      ),
    ).toEqual([
      'listeners[0].tls.certificates[1].key: a-key.pem is not the key of b-cert.pem: use the key that its request was made with',
      'listeners[0].tls.clientCa: certificate 2 of cut.pem cannot be read, because its PEM is damaged: write it again',
      'clusters.web.tls.key: a-key.pem is not the key of b-cert.pem: use the key that its request was made with',
      'clusters.web.tls.ca: damaged.pem cannot be read, because its PEM is damaged: write it again',
    ])
  })

  it('`millrace check` accepts a certificate and its key in one file, and a CA with trust settings', async () => {
    await openssl('ecparam', '-name', 'prime256v1', '-genkey', '-out', at('parameters-key.pem'))
    const request = ['-key', at('parameters-key.pem'), '-subj', '/CN=a.test', '-out', at('own-cert.pem')]
    await openssl('req', '-x509', ...request)
    write('both.pem', text('parameters-key.pem') + text('own-cert.pem'))
    await openssl('x509', '-in', at('a-cert.pem'), '-trustout', '-out', at('trusted.pem'))
    writeFileSync(file, configOf({ cert: at('both.pem'), key: at('both.pem'), clientCa: at('trusted.pem') }))
    expect(() => checkConfigFile(file, {})).not.toThrow()
  })

  it('`millrace check` refuses a file of CAs only if all of them have expired', () => {
    const good = { cert: at('a-cert.pem'), key: at('a-key.pem') }
    expect(checked({ ...good, clientCa: at('old-cert.pem') })).toEqual([
      expect.stringMatching(/^listeners\[0\]\.tls\.clientCa: old-cert\.pem has expired/),
    ])
    writeFileSync(file, configOf({ ...good, clientCa: at('old-chain.pem') }))
    expect(() => checkConfigFile(file, {})).not.toThrow()
  })

  it('`millrace check` refuses an expired certificate, although a proxy starts with it', async () => {
    const tls = { cert: at('old-cert.pem'), key: at('old-key.pem') }
    writeFileSync(file, configOf(tls))
    expect(loadConfigFile(file, {}).listeners).toHaveLength(1)
    const { code, stderr } = await runMillrace(['check', '--config', file])
    expect({ code, stderr }).toEqual({
      code: 78,
      stderr: expect.stringMatching(
        new RegExp(`^${file}:1:\\d+ listeners\\[0\\]\\.tls\\.cert: .*${basename(tls.cert)} has expired`),
      ),
    })
  })
})
