/** Recipes for port 80, certificates and addresses, with the servers that they are for. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { selfSigned } from '../../support/certificate.js'
import { hasIpv6 } from '../../support/ipv6.js'
import { runNginx } from '../../support/nginx.js'
import { freePort, run } from '../../support/programs.js'
import { untilAnswer } from '../../support/wait.js'
import { describeRecipe } from './recipe.js'

const CHALLENGE = 'location /.well-known/acme-challenge/ { return 200 "the answer to the challenge\\n"; }'

describeRecipe('certbot', {
  needs: ['nginx', 'openssl', 'curl'],
  prepare: async (folder) => {
    const [http, https, certbot, web] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ]
    const live = join(folder, 'live/www.example.com')
    for (const each of [live, join(folder, 'tls')]) mkdirSync(each, { recursive: true })
    await putCertificate(folder, 'ed25519')
    cpSync(join(folder, 'fullchain.pem'), join(folder, 'tls/www.example.com.pem'))
    cpSync(join(folder, 'privkey.pem'), join(folder, 'tls/www.example.com.key'))
    await putCertificate(live, 'ecdsa')
    const servers = `server { listen 127.0.0.1:${certbot}; ${CHALLENGE} } server { listen 127.0.0.1:${web}; return 200 "the site\\n"; }`
    await runNginx(folder, { http: servers }, [certbot, web])
    return {
      '0.0.0.0:80': `127.0.0.1:${http}`,
      '0.0.0.0:443': `127.0.0.1:${https}`,
      '127.0.0.1:8081': `127.0.0.1:${certbot}`,
      'web1.example.net:8080': `127.0.0.1:${web}`,
      '/etc/millrace/tls/': `${folder}/tls/`,
      '/etc/letsencrypt/live/': `${folder}/live/`,
      '/etc/letsencrypt/renewal-hooks/deploy/millrace': `sh ${folder}/hook`,
      '--group=millrace': `--group=${process.getgid!()}`,
      'http://www.example.com/': `--connect-to www.example.com:80:127.0.0.1:${http} http://www.example.com/`,
    }
  },
  more: (recipe) => {
    it('the hook of certbot.md gives millrace a key that only its group may read', async () => {
      const { stdout } = await run('stat', ['-c', '%a', ...filesOf(recipe.folder)])
      expect(stdout.split('\n').slice(0, 2)).toEqual(['644', '640'])
    })

    it('with the config of certbot.md, a challenge reaches certbot, and clients see the certificate that it has got', async () => {
      const { output } = await recipe.shell.run(
        `curl -s ${recipe.adapted('http://www.example.com/')}.well-known/acme-challenge/t`,
      )
      expect(output).toBe('the answer to the challenge\n')
      const port = recipe.adapted('0.0.0.0:443').split(':')[1]
      const certificate = readFileSync(join(recipe.folder, 'live/www.example.com/fullchain.pem'), 'utf8')
      const { code, stderr } = await run('curl', [
        ...['-sS', '--cacert', filesOf(recipe.folder)[0]!],
        ...['--connect-to', `www.example.com:443:127.0.0.1:${port}`, 'https://www.example.com/'],
      ])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(readFileSync(filesOf(recipe.folder)[0]!, 'utf8')).toBe(certificate)
    })
  },
})

const filesOf = (folder: string): string[] =>
  ['pem', 'key'].map((kind) => join(folder, `tls/www.example.com.${kind}`))

/** The files of a certificate, as certbot names them. It ends later than `check` warns of. */
async function putCertificate(folder: string, kind: 'ed25519' | 'ecdsa'): Promise<void> {
  const { cert, key } = await selfSigned(folder, { names: ['www.example.com'], kind, days: 90 })
  writeFileSync(join(folder, 'fullchain.pem'), readFileSync(cert))
  writeFileSync(join(folder, 'privkey.pem'), readFileSync(key))
}

describeRecipe('redirect-http', {
  needs: ['nginx', 'curl'],
  prepare: async (folder) => {
    const [http, https, acme, packages] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ]
    const servers = `server { listen 127.0.0.1:${acme}; ${CHALLENGE} } server { listen 127.0.0.1:${packages}; return 200 "the packages\\n"; }`
    await runNginx(folder, { http: servers }, [acme, packages])
    return {
      '0.0.0.0:80': `127.0.0.1:${http}`,
      '[::]:80': '127.0.0.2:0',
      '0.0.0.0:443': `127.0.0.1:${https}`,
      '[::]:443': '127.0.0.2:0',
      'acme.example.net:8080': `127.0.0.1:${acme}`,
      'packages.example.net:8080': `127.0.0.1:${packages}`,
      'web1.example.net:443': '127.0.0.1:1',
      'web2.example.net:443': '127.0.0.1:2',
      'http://www.example.com/': `--connect-to www.example.com:80:127.0.0.1:${http} http://www.example.com/`,
      "'http://www.example.com/shop?a=b'": `--connect-to www.example.com:80:127.0.0.1:${http} 'http://www.example.com/shop?a=b'`,
      'http://packages.example.com/': `--connect-to packages.example.com:80:127.0.0.1:${http} http://packages.example.com/`,
    }
  },
  more: (recipe) => {
    it('with the config of redirect-http.md, the record of a redirect says `redirected`', async () => {
      const records = await untilAnswer(
        () => recipe.records(),
        ({ length }) => length === 3,
      )
      const where = records.map(({ ended, cluster }) => cluster ?? ended.cause)
      expect(where).toEqual(['redirected', 'acme', 'packages'])
    })
  },
})

describeRecipe('several-addresses', {
  needs: ['nginx', 'curl'],
  prepare: async (folder) => {
    const [own, web, rooms] = [await freePort(), await freePort(), await freeRange(3)]
    const ipv6 = (await hasIpv6()) ? '[::1]' : '127.0.0.2'
    const ports = [0, 1, 2].map((each) => rooms + each)
    const room = ports.map((port) => `listen 127.0.0.3:${port};`).join(' ')
    const site = `server { listen 127.0.0.1:${web}; return 200 "the site\\n"; }`
    await runNginx(
      folder,
      { http: `${site} server { ${room} return 200 "room at port $server_port\\n"; }` },
      [web, ...ports],
    )
    return {
      '0.0.0.0:80': `127.0.0.1:${own}`,
      '[::]:80': `${ipv6}:${own}`,
      '/run/millrace/web.sock': `${folder}/web.sock`,
      '0.0.0.0:27000-27002': `127.0.0.1:${rooms}-${rooms + 2}`,
      '[::]:27000-27002': `${ipv6}:${rooms}-${rooms + 2}`,
      '0.0.0.0:27000': `127.0.0.1:${rooms}`,
      '0.0.0.0:27002': `127.0.0.1:${rooms + 2}`,
      'app1.example.net:8080': `127.0.0.1:${web}`,
      'game1.example.net': '127.0.0.3',
      'port: 27000': `port: ${rooms}`,
      'curl -s http://proxy.example.net/': `curl -s http://127.0.0.1:${own}/`,
      'curl -s -6 http://proxy.example.net/': `curl -s http://${ipv6}:${own}/`,
      'http://proxy.example.net:27001/': `http://127.0.0.1:${rooms + 1}/`,
    }
  },
  more: (recipe) => {
    it('with the config of several-addresses.md, a client of a range reaches the same port of the backend', async () => {
      const records = await untilAnswer(
        () => recipe.records(),
        ({ length }) => length === 4,
      )
      const port = recipe.adapted('http://proxy.example.net:27001/').split(/[:/]/).at(-2)
      expect(records.at(-1)).toMatchObject({ backend: '127.0.0.3:0', backendAddress: `127.0.0.3:${port}` })
    })
  },
})

/** The first of so many free ports in a row. */
async function freeRange(count: number): Promise<number> {
  for (;;) {
    const first = await freePort()
    let last = first
    while (last < first + count - 1 && (await freePort()) === last + 1) last++
    if (last === first + count - 1) return first
  }
}
