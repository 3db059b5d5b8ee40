/** Server names, kinds of certificates and sessions: openssl s_client and curl in front, nginx and s_server behind. */
import { beforeAll, describe, expect, it } from 'vitest'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { startWith } from '../support/millrace.js'
import { modes, WITHOUT_NATIVE } from '../support/modes.js'
import { runNginx } from '../support/nginx.js'
import { areMissing, freePort, listeningOn, Program, run } from '../support/programs.js'

/** TLS streams are never spliced, so two modes are enough. */
const MODES = [...new Set([modes()[0]!, WITHOUT_NATIVE])]

describe.skipIf(areMissing('nginx', 'openssl', 'curl')).each(MODES)(
  'TLS names and sessions, $name',
  (mode) => {
    const folder = temporaryFolder()
    let ports: Readonly<Record<string, number>>
    let rsa: { cert: string; key: string }
    let ecdsa: { cert: string; key: string }

    beforeAll(async () => {
      rsa = await selfSigned(folder, { names: ['app.test'], prefix: 'rsa-', kind: 'rsa' })
      ecdsa = await selfSigned(folder, { names: ['app.test'], prefix: 'ecdsa-' })
      const [nginx, server] = [await freePort(), await freePort()]
      const secure = `ssl_certificate ${rsa.cert}; ssl_certificate_key ${rsa.key}; ssl_protocols TLSv1.2 TLSv1.3;`
      const answer = 'location / { return 200 "$ssl_server_name $ssl_session_reused"; }'
      await runNginx(folder, { http: `server { listen 127.0.0.1:${nginx} ssl; ${secure} ${answer} }` }, [
        nginx,
      ])
      const args = ['s_server', '-accept', `127.0.0.1:${server}`, '-www', '-cert', rsa.cert, '-key', rsa.key]
      await listeningOn(server, new Program('openssl', args))
      const tls = { ...rsa, certificates: [ecdsa] }
      const listeners = ['nginx', 'server'].map((name) => ({
        name,
        address: '127.0.0.1:0',
        routes: [{ sni: '**.test', cluster: name }],
        tls,
      }))
      const towards = { ca: rsa.cert, serverName: 'client' }
      const clusters = {
        nginx: { backends: [`127.0.0.1:${nginx}`], tls: towards },
        server: { backends: [`127.0.0.1:${server}`], tls: towards },
      }
      ;({ ports } = await startWith(folder, { listeners, clusters }, mode))
    })

    const curl = (name: string, ...more: string[]) => {
      const to = ['--connect-to', `app.test:443:127.0.0.1:${ports[name]}`]
      return run('curl', ['-sS', '--http1.0', ...to, '--cacert', ecdsa.cert, ...more, 'https://app.test/'])
    }

    const shownTo = async (...more: string[]): Promise<string | undefined> => {
      const args = ['s_client', '-connect', `127.0.0.1:${ports.nginx}`, '-servername', 'app.test', ...more]
      return /^Peer signature type: (\S+)$/m.exec((await run('openssl', args)).stdout)?.[1]
    }

    it('millrace shows the RSA or the ECDSA certificate of a name, whichever the client can check', async () => {
      expect(await shownTo()).toBe('ECDSA')
      expect(await shownTo('-tls1_2')).toBe('ECDSA')
      expect(await shownTo('-sigalgs', 'RSA-PSS+SHA256')).toBe('RSA-PSS')
      expect(await shownTo('-tls1_2', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256')).toMatch(/^RSA/)
      const older = ['--tls-max', '1.2', '--ciphers', 'ECDHE-RSA-AES128-GCM-SHA256', '--cacert', rsa.cert]
      expect((await curl('nginx', ...older)).code).toBe(0)
    })

    it('millrace sends the server name of curl to nginx and resumes its session with nginx', async () => {
      const answers = []
      for (let times = 0; times < 4; times++) answers.push((await curl('nginx')).stdout)
      expect(answers.at(-1)).toBe('app.test r')
      expect(answers.every((answer) => /^app\.test [r.]$/.test(answer))).toBe(true)
    })

    it('millrace resumes its sessions with openssl s_server', async () => {
      expect((await curl('server')).stdout).toMatch(/^New, TLSv1\.3/m)
      expect((await curl('server')).stdout).toMatch(/^Reused, TLSv1\.3/m)
    })
  },
)
