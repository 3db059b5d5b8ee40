/** HAProxy and nginx in front name the client in fields, and millrace tells the nginx behind who the client is. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { modes } from '../support/modes.js'
import { runNginx } from '../support/nginx.js'
import { areMissing, freePort, listeningOn, Program, run } from '../support/programs.js'

/** An address of the loopback network that is not the address of the proxies in front. */
const CLIENT = '127.0.0.9'
const SPOOFED = '6.6.6.6'
const SHOWN =
  '$proxy_protocol_addr for=$http_x_forwarded_for proto=$http_x_forwarded_proto real=$http_x_real_ip'

describe
  .skipIf(areMissing('haproxy', 'nginx', 'curl'))
  .each(modes().filter(({ splice }) => splice === 'auto'))('the client of a request, $name', (mode) => {
  const folder = temporaryFolder()
  const fronts = { haproxy: 0, nginx: 0 }
  let millrace: Millrace
  let ports: Readonly<Record<string, number>>

  beforeAll(async () => {
    const behind = await freePort()
    fronts.haproxy = await freePort()
    fronts.nginx = await freePort()
    const shared = { address: '127.0.0.1:0', protocol: 'http', http: 'forward', cluster: 'nginx' } as const
    ;({ millrace, ports } = await startWith(
      folder,
      {
        listeners: [
          { name: 'trusting', ...shared, clientFrom: { trusted: '127.0.0.1' }, xForwarded: 'append' },
          { name: 'open', ...shared },
        ],
        clusters: { nginx: { backends: [`127.0.0.1:${behind}`], sendProxy: 'v1' } },
      },
      mode,
    ))
    const receiver = `server { listen 127.0.0.1:${behind} proxy_protocol; location / { return 200 "${SHOWN}"; } }`
    const sender = `server {
      listen 127.0.0.1:${fronts.nginx};
      location / {
        proxy_pass http://127.0.0.1:${ports.trusting};
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto https;
      }
    }`
    await runNginx(folder, { http: receiver + sender }, [behind, fronts.nginx])
    await startHaproxy(folder, fronts.haproxy, ports.trusting!)
  })

  const ask = async (port: number): Promise<string> => {
    const spoofed = ['X-Forwarded-For', 'X-Real-IP'].flatMap((name) => ['-H', `${name}: ${SPOOFED}`])
    const args = ['-sS', '--interface', CLIENT, ...spoofed, `http://127.0.0.1:${port}/`]
    const { code, stdout, stderr } = await run('curl', args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout
  }

  it.each(['haproxy', 'nginx'] as const)(
    'the record, the fields and the PROXY header name the client that %s has seen',
    async (front) => {
      const before = (await millrace.records(0)).length
      const told = await ask(fronts[front])
      expect(told).toBe(`${CLIENT} for=${SPOOFED}, ${CLIENT}, ${CLIENT} proto=https real=${SPOOFED}`)
      const record = (await millrace.records(before + 1)).at(-1)!
      expect(record.client).toBe(`${CLIENT}:0`)
      expect(record.peer).toMatch(/^127\.0\.0\.1:/)
    },
  )

  it('the client of a request is the peer that connected if the listener trusts no proxy', async () => {
    expect(await ask(ports.open!)).toBe(`${CLIENT} for=${CLIENT} proto=http real=`)
  })
})

async function startHaproxy(folder: string, port: number, to: number): Promise<void> {
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(
    file,
    `defaults
       mode http
       timeout connect 10s
       timeout client 10s
       timeout server 10s
     listen front
       bind 127.0.0.1:${port}
       option forwardfor
       http-request set-header X-Forwarded-Proto https
       server s 127.0.0.1:${to}
`,
  )
  await listeningOn(port, new Program('haproxy', ['-db', '-f', file]))
}
