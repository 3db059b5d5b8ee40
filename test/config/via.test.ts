/** The key `via`: what it accepts, what the errors say, and that no error shows a secret. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ClusterInput } from '../../src/config/input.js'
import { validateConfig } from '../../src/config/validate.js'
import { nameOfForwardProxy } from '../../src/via/forward-proxy.js'
import { failureOf, load, problemsOf } from './config-file.js'

const directory = mkdtempSync(join(tmpdir(), 'millrace-via-'))
afterAll(() => rmSync(directory, { recursive: true }))

const SECRET = 'hidden-word'

const configOf = (via: unknown, backends = ['db.internal:5432']) =>
  validateConfig({
    listeners: [{ address: '127.0.0.1:0', cluster: 'back' }],
    clusters: { back: { backends, via: via as ClusterInput['via'] } },
  })
const viaOf = (via: unknown) => configOf(via).clusters.back!.via!
const messagesOf = (via: unknown, backends?: string[]): string[] =>
  failureOf(() => configOf(via, backends)).problems.map(({ path, message }) => `${path}: ${message}`)

let files = 0
/** A file with this content. */
function fileWith(content: string): string {
  const path = join(directory, `password-${files++}`)
  writeFileSync(path, content)
  return path
}

describe('via', () => {
  it.each<[unknown, string]>([
    ['socks5://proxy.example.com:1080', 'socks5://proxy.example.com:1080'],
    ['SOCKS5://proxy.example.com:1080/', 'socks5://proxy.example.com:1080'],
    ['http://[2001:db8::1]:3128', 'http://[2001:db8::1]:3128'],
    [{ socks5: 'localhost:1080' }, 'socks5://localhost:1080'],
    [{ http: '192.0.2.1:3128' }, 'http://192.0.2.1:3128'],
    [{ socks5: 'unix:/run/tor/socks' }, 'socks5://unix:/run/tor/socks'],
  ])('via %j is %s, without credentials', (via, name) => {
    expect(nameOfForwardProxy(viaOf(via))).toBe(name)
    expect(viaOf(via).credentials).toBeUndefined()
  })

  it.each<[string, string, string]>([
    [`socks5://app:${SECRET}@proxy:1080`, 'app', SECRET],
    ['http://a%40b:p%3Aa%2Fss@proxy:3128', 'a@b', 'p:a/ss'],
    ['http://app:a:b@proxy:3128', 'app', 'a:b'],
    ['http://app:a@b@proxy:3128', 'app', 'a@b'],
  ])('the credentials in %s are read, and the name has none', (via, user, password) => {
    expect(viaOf(via).credentials).toEqual({ user, password })
    expect(nameOfForwardProxy(viaOf(via))).not.toContain(password)
  })

  it('the password comes from the environment, or from a file without its line end', () => {
    const config = (password: string) =>
      `listeners: [{ address: "127.0.0.1:0", cluster: a }]\nclusters: { a: { backends: ["b:1"], via: { socks5: "p:1", user: u, ${password} } } }`
    const passwordOf = (text: string) =>
      load(text, { PASSWORD: SECRET }).clusters.a!.via!.credentials!.password
    expect(passwordOf(config(`password: "$\{PASSWORD}"`))).toBe(SECRET)
    expect(passwordOf(config(`passwordFile: ${fileWith(`${SECRET}\n`)}`))).toBe(SECRET)
    expect(passwordOf(config(`passwordFile: ${fileWith(` ${SECRET} \r\n`)}`))).toBe(` ${SECRET} `)
  })

  it.each<[string, unknown, RegExp]>([
    [
      'https',
      'https://proxy:3128',
      /^clusters\.back\.via: TLS to a forward proxy is not supported: write http:/,
    ],
    [
      'socks5h',
      'socks5h://proxy:1080',
      /write socks5:\/\/: millrace always leaves names to the forward proxy/,
    ],
    ['socks4', 'socks4://proxy:1080', /expected socks5:\/\/HOST:PORT or http:\/\/HOST:PORT, found "socks4:/],
    ['no scheme', 'proxy:1080', /expected socks5:\/\/HOST:PORT/],
    ['no port', 'socks5://proxy', /^clusters\.back\.via: a port is missing: write proxy:PORT/],
    ['port 0', 'socks5://proxy:0', /expected a port from 1 to 65535/],
    ['a path', 'http://proxy:3128/tunnel', /expected socks5:\/\/HOST:PORT/],
    ['a query', 'http://proxy:3128?a=b', /expected socks5:\/\/HOST:PORT/],
    ['a number', 1080, /expected socks5:\/\/HOST:PORT or http:\/\/HOST:PORT, or a map/],
    ['an empty map', {}, /expected socks5 or http, with the address of the forward proxy/],
    [
      'both',
      { socks5: 'a:1', http: 'b:1' },
      /^clusters\.back\.via\.http: a cluster has one forward proxy: remove/,
    ],
    ['an unknown key', { socks5: 'a:1', pass: 'x' }, /unknown key; did you mean "password"\?/],
    [
      'a user alone',
      { socks5: 'a:1', user: 'u' },
      /^clusters\.back\.via\.password: the user needs a password: write "password" or "passwordFile"/,
    ],
    [
      'a user alone in a URL',
      'socks5://u@a:1',
      /^clusters\.back\.via: the user needs a password: write "password"/,
    ],
    [
      'two passwords',
      { socks5: 'a:1', user: 'u', password: SECRET, passwordFile: 'x' },
      /write either password or passwordFile/,
    ],
    [
      'no file',
      { socks5: 'a:1', user: 'u', passwordFile: '/no/such' },
      /^clusters\.back\.via\.passwordFile: cannot read the file "\/no\/such": ENOENT\. Write/,
    ],
    ['a folder', { socks5: 'a:1', user: 'u', passwordFile: '/tmp' }, /it is not a regular file/],
    ['a device', { socks5: 'a:1', user: 'u', passwordFile: '/dev/zero' }, /it is not a regular file/],
  ])('via with %s is refused', (_, via, message) => {
    expect(messagesOf(via)).toEqual([expect.stringMatching(message)])
  })

  it.each<[string, unknown]>([
    ['a password without a user', { socks5: 'a:1', password: SECRET }],
    ['a password of 256 bytes', { socks5: 'a:1', user: 'u', password: SECRET + 'é'.repeat(123) }],
    ['a password with a line end', { socks5: 'a:1', user: 'u', password: `${SECRET}\n` }],
    ['a user with a colon for HTTP', { http: 'a:1', user: `${SECRET}:`, password: 'x' }],
    ['credentials in an address', { http: `u:${SECRET}@a:1` }],
    ['a "%" that begins nothing', `socks5://u:${SECRET}%@a:1`],
    ['credentials behind the address', `socks5://a:1:u:${SECRET}`],
    ['credentials behind an @', `socks5://a:1@u:${SECRET}`],
    ['credentials behind the address in a map', { http: `a:1:u:${SECRET}` }],
    ['a "/" in the password', `socks5://u:${SECRET}/@a:1`],
    ['a "#" in the password', `socks5://u:${SECRET}#@a:1`],
    ['a scheme that is not supported', `https://u:${SECRET}@a:1`],
    ['a bad port', `socks5://u:${SECRET}@a:99999`],
    ['a list', [`socks5://u:${SECRET}@a:1`]],
    ['a file that is too long', { socks5: 'a:1', user: 'u', passwordFile: fileWith(SECRET.repeat(500)) }],
    ['a file with two lines', { socks5: 'a:1', user: 'u', passwordFile: fileWith(`${SECRET}\nmore\n`) }],
  ])('the error about %s does not show the secret', (_, via) => {
    const messages = messagesOf(via)
    expect(messages.length).toBeGreaterThan(0)
    for (const message of messages) expect(message).not.toContain(SECRET)
  })

  it('a password that is a number is refused without being shown', () => {
    expect(messagesOf({ socks5: 'a:1', user: 'u', password: 12_345_678 })).toEqual([
      'clusters.back.via.password: expected a password; put it in quotes',
    ])
  })

  it('a named pipe as password file is refused at once', () => {
    const path = join(directory, 'fifo')
    execFileSync('mkfifo', [path])
    expect(messagesOf({ socks5: 'a:1', user: 'u', passwordFile: path })).toEqual([
      expect.stringContaining('it is not a regular file'),
    ])
  })

  it('a backend that is a unix socket is refused beside via', () => {
    expect(messagesOf('socks5://a:1', ['db:1', 'unix:/run/db'])).toEqual([
      'clusters.back.backends[1]: a unix socket is not behind the forward proxy of "via": write HOST:PORT, or remove "via"',
    ])
  })

  it.each([
    ['check', 'tcp'],
    ['agent', { port: 9000 }],
  ])('health.%s is refused beside via', (key, value) => {
    const run = () =>
      validateConfig({
        listeners: [{ address: '127.0.0.1:0', cluster: 'back' }],
        clusters: { back: { backends: ['db:1'], via: 'socks5://a:1', health: { [key]: value } } },
      })
    expect(failureOf(run).problems).toMatchObject([
      { path: `clusters.back.health.${key}`, message: expect.stringMatching(/^cannot stand beside "via"/) },
    ])
  })

  it('networks of an allowed name are refused beside via, because only the forward proxy has its addresses', () => {
    const allow = ['b.test', { name: 'a.test', networks: ['10.0.0.0/8'] }]
    const run = () =>
      validateConfig({
        listeners: [{ address: '127.0.0.1:0', cluster: 'out' }],
        clusters: { out: { dial: { server: 'sni', allow }, via: 'socks5://a:1' } },
      })
    expect(failureOf(run).problems).toMatchObject([
      {
        path: 'clusters.out.dial.allow[1].networks',
        message: expect.stringMatching(/^has no effect beside "via"/),
      },
    ])
  })

  it('a problem of via has its line and column', () => {
    const text =
      'listeners: [{ address: "127.0.0.1:0", cluster: a }]\nclusters:\n  a:\n    backends: ["b:1"]\n    via: https://p:1\n'
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/^5:10 clusters\.a\.via: TLS to a forward proxy/),
    ])
  })
})
