/** Recipes for services behind one address, with the servers that they are for. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { selfSigned } from '../../support/certificate.js'
import { runNginx } from '../../support/nginx.js'
import { freePort, listeningOn, Program } from '../../support/programs.js'
import { startRedis } from '../../support/redis.js'
import { untilAnswer } from '../../support/wait.js'
import { describeRecipe, shownIn, withPlaces } from './recipe.js'

describeRecipe('redis-least-connections', {
  needs: ['redis-server', 'redis-cli'],
  prepare: async (folder) => {
    const [own, one, two] = [await freePort(), await freePort(), await freePort()]
    await Promise.all([startRedis(folder, one), startRedis(folder, two)])
    return {
      '0.0.0.0:6379': `127.0.0.1:${own}`,
      'redis1.example.net:6379': `127.0.0.1:${one}`,
      'redis2.example.net:6379': `127.0.0.1:${two}`,
      '-h proxy.example.net': `-p ${own}`,
      '-h redis1.example.net': `-p ${one}`,
    }
  },
  more: (recipe) => {
    it('with least connections, each of two Redis servers gets two of four clients', async () => {
      const ended = await untilAnswer(
        () => recipe.records().filter(({ ended: { by } }) => by === 'backend'),
        ({ length }) => length === 2,
      )
      expect(new Set(ended.map(({ backend }) => backend)).size).toBe(1)
    })
  },
})

describeRecipe('sni-passthrough', {
  needs: ['nginx', 'curl', 'openssl'],
  prepare: async (folder) => {
    const names = ['shop.example.com', '*.apps.example.com']
    const pair = await selfSigned(folder, { names })
    const [own, shop, second, apps] = [await freePort(), await freePort(), await freePort(), await freePort()]
    const site = (port: number, text: string): string =>
      `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${pair.cert}; ssl_certificate_key ${pair.key};
         location / { return 200 "the ${text}\\n"; } }`
    const http = site(shop, 'shop') + site(second, 'shop') + site(apps, 'apps')
    await runNginx(folder, { http }, [shop, second, apps])
    return {
      '0.0.0.0:443': `127.0.0.1:${own}`,
      'shop1.example.net:443': `127.0.0.1:${shop}`,
      'shop2.example.net:443': `127.0.0.1:${second}`,
      'apps.example.net:443': `127.0.0.1:${apps}`,
      'proxy.example.net:443': `127.0.0.1:${own}`,
      'curl -s': `curl -s --cacert ${pair.cert}`,
      'curl -sS': `curl -sS --cacert ${pair.cert}`,
    }
  },
  more: (recipe) => {
    it('the record of a client with another server name says no-route', async () => {
      const records = await untilAnswer(
        () => recipe.records(),
        ({ length }) => length === 4,
      )
      expect(records.map(({ sni, cluster, ended: { cause } }) => cluster ?? `${sni}: ${cause}`)).toEqual([
        'shop',
        'apps',
        'other.example.com: no-route',
        'shop',
      ])
    })
  },
})

let site: { port: number; ca: Buffer; chat: WebSocketServer }

describeRecipe('websocket-beside-pages', {
  needs: ['nginx', 'curl', 'openssl'],
  prepare: async (folder) => {
    const pair = await selfSigned(folder, { names: ['www.example.com'] })
    const [own, pages] = [await freePort(), await freePort()]
    const http = `server { listen 127.0.0.1:${pages}; location / { return 200 "a page\\n"; } }`
    await runNginx(folder, { http }, [pages])
    const chat = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(chat, 'listening')
    chat.on('connection', (socket) => socket.on('message', (message) => socket.send(`you said ${message}`)))
    site = { port: own, ca: readFileSync(pair.cert), chat }
    const backend = `127.0.0.1:${(chat.address() as AddressInfo).port}`
    return {
      '0.0.0.0:443': `127.0.0.1:${own}`,
      '/etc/millrace/tls/example.com.pem': pair.cert,
      '/etc/millrace/tls/example.com.key': pair.key,
      'chat1.example.net:8080': backend,
      'chat2.example.net:8080': `127.0.0.1:${await freePort()}`,
      'pages.example.net:8080': `127.0.0.1:${pages}`,
      'proxy.example.net:443': `127.0.0.1:${own}`,
      'curl -s': `curl -s --cacert ${pair.cert}`,
    }
  },
  finish: () => {
    for (const socket of site.chat.clients) socket.terminate()
    site.chat.close()
  },
  more: () => {
    it('a WebSocket of the site reaches the chat server', async () => {
      const { port, ca } = site
      const socket = new WebSocket(`wss://www.example.com:${port}/chat`, {
        ca,
        lookup: (_, __, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
      })
      await once(socket, 'open')
      socket.send('hello')
      expect(String((await once(socket, 'message'))[0])).toBe('you said hello')
      socket.terminate()
    })
  },
})

describeRecipe('proxy-protocol-v2', {
  needs: ['haproxy', 'nginx', 'curl'],
  prepare: async (folder) => {
    const [own, balancer, web] = [await freePort(), await freePort(), await freePort()]
    const places = {
      '0.0.0.0:8080': `127.0.0.1:${own}`,
      '10.0.0.0/28': '127.0.0.2',
      'web1.example.net:8080': `127.0.0.1:${web}`,
      'proxy.example.net:8080': `127.0.0.1:${own}`,
      'listen 8080': `listen 127.0.0.1:${web}`,
      '10.0.0.20': '127.0.0.1',
      'http://lb.example.net/': `http://127.0.0.1:${balancer}/`,
      'journalctl -u millrace -o cat': 'cat log',
    }
    const shown = (language: string) => withPlaces(shownIn('proxy-protocol-v2', language), places)
    const file = join(folder, 'haproxy.cfg')
    const defaults = 'mode tcp\n timeout client 10s\n timeout connect 10s\n timeout server 10s'
    const bind = `bind 127.0.0.1:${balancer}\n source 127.0.0.2`
    writeFileSync(file, `defaults\n ${defaults}\nlisten balancer\n ${bind}\n ${shown('haproxy')}`)
    await listeningOn(balancer, new Program('haproxy', ['-db', '-f', file]))
    const answer = 'location / { return 200 "you are $remote_addr\\n"; }'
    await runNginx(folder, { http: `server { ${shown('nginx')} ${answer} }` }, [web])
    return places
  },
  more: (recipe) => {
    it('the PROXY header that goes to nginx names the client of HAProxy', async () => {
      const { output } = await recipe.shell.run(recipe.adapted('curl -s http://lb.example.net/'))
      expect(output).toBe('you are 127.0.0.1\n')
      const [record] = recipe.records()
      expect(record?.client).toMatch(/^127\.0\.0\.1:/)
      expect(record?.proxy?.from).toMatch(/^127\.0\.0\.2:/)
    })
  },
})
