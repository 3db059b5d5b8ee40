/**
 * nginx behind the built command, and a route that rejects a path. A client cannot get the page at that path by any
 * other spelling that nginx resolves to it. MILLRACE_SEED tries other spellings.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { random } from '../support/bytes.js'
import { temporaryFolder } from '../support/folder.js'
import { startWith } from '../support/millrace.js'
import { modes } from '../support/modes.js'
import { runNginx } from '../support/nginx.js'
import { areMissing, freePort } from '../support/programs.js'

const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const SPELLINGS = 600
/** How many spellings nginx must resolve to the path. With fewer, the test would prove nothing. */
const LEAST_SECRETS = 100
const PIECES = [
  '/',
  '//',
  '/./',
  '/x/../',
  '/x/%2e%2E/',
  '%2f',
  '/..;/',
  '/x/..%2f',
  '/%2e/',
  '\\',
  '/%5c../',
]
const ENDS = ['', '/', '//x', ';y', '/%2e', '?/../', '%00', '%2fx', '/x/..', '%20', '/../admin']

/** `/admin`, in the spelling of somebody who looks for a way around a rule. */
function spell(next: () => number): string {
  const oneOf = (texts: readonly string[]): string => texts[Math.floor(next() * texts.length)]!
  const letters = [...'admin'].map((letter) => {
    const hex = letter.charCodeAt(0).toString(16)
    return next() < 0.6 ? letter : oneOf([`%${hex}`, `%${hex.toUpperCase()}`, `%25${hex}`])
  })
  const host = next() < 0.2 ? 'http://a.test' : ''
  return `${host}/${oneOf(PIECES).slice(next() < 0.5 ? 0 : 1)}${letters.join('')}${oneOf(ENDS)}`
}

async function ask(port: number, target: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => {})
  socket.write(`GET ${target} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

describe.skipIf(areMissing('nginx'))(`spellings of a path, MILLRACE_SEED=${SEED}`, () => {
  const folder = temporaryFolder()
  let nginxPort: number

  beforeAll(async () => {
    nginxPort = await freePort()
    const server = `listen 127.0.0.1:${nginxPort};
      location = /admin { return 200 secret; }
      location /admin/ { return 200 secret; }
      location / { return 200 public; }`
    await runNginx(folder, { http: `server { ${server} }` }, [nginxPort])
  })

  it.each(modes().filter(({ splice }) => splice === 'auto'))(
    'no spelling of a rejected path gets its page from nginx ($name)',
    async (mode) => {
      const config = {
        listeners: [
          {
            name: 'front',
            address: '127.0.0.1:0',
            protocol: 'http',
            http: 'forward',
            cluster: 'nginx',
            routes: [{ path: '/admin', reject: true }],
          },
        ],
        clusters: { nginx: { backends: [`127.0.0.1:${nginxPort}`] } },
      } as const
      const { ports } = await startWith(folder, config, mode)
      const next = random(SEED)
      let secrets = 0
      let passed = 0
      for (let i = 0; i < SPELLINGS; i++) {
        const target = spell(next)
        if ((await ask(nginxPort, target)).endsWith('secret')) secrets++
        const answer = await ask(ports.front!, target)
        expect(answer, target).toMatch(/^HTTP\/1\.1 (200|400|403) /)
        expect(answer, target).not.toContain('secret')
        if (answer.endsWith('public')) passed++
      }
      expect(secrets).toBeGreaterThan(LEAST_SECRETS)
      expect(passed).toBeGreaterThan(0)
    },
  )
})
