/** Recipes for backends that fail or move, with the servers that they are for. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Knot } from '../../support/knot.js'
import { runNginx } from '../../support/nginx.js'
import { freePort, listeningOn, Program } from '../../support/programs.js'
import type { AccessRecord } from '../../support/record-fields.js'
import { untilAnswer } from '../../support/wait.js'
import { describeRecipe } from './recipe.js'

describeRecipe('hung-backend', {
  needs: ['nginx', 'curl'],
  prepare: async (folder) => {
    const [own, one, two] = [await freePort(), await freePort(), await freePort()]
    const pid = await startHello(join(folder, 'one'), one)
    await startHello(join(folder, 'two'), two)
    return {
      '0.0.0.0:80': `127.0.0.1:${own}`,
      // Both clients must come before the second check fails, however busy the machine is.
      'timeoutMs: 1s': 'timeoutMs: 4s',
      'app1.example.net:8080': `127.0.0.1:${one}`,
      'app2.example.net:8080': `127.0.0.1:${two}`,
      'http://proxy.example.net/': `http://127.0.0.1:${own}/`,
      'ssh app1.example.net pkill -STOP nginx': `kill -STOP ${pid}`,
      'ssh app1.example.net pkill -CONT nginx': `kill -CONT ${pid}`,
    }
  },
  more: (recipe) => {
    it('the record of the client that waited in hung-backend.md says that its backend is down', async () => {
      const look = (): AccessRecord[] => recipe.records().filter(({ ended }) => ended.by === 'proxy')
      const cut = await untilAnswer(look, ({ length }) => length > 0)
      expect(cut).toMatchObject([{ bytesDown: 0, ended: { cause: 'backend-down' }, termination: 'DD' }])
    })
  },
})

/** Starts an nginx in `folder`, and returns its pid. */
async function startHello(folder: string, port: number): Promise<string> {
  mkdirSync(folder)
  await runNginx(folder, { http: `server { listen 127.0.0.1:${port}; return 200 "hello\\n"; }` }, [port])
  return readFileSync(join(folder, 'nginx/pid'), 'utf8').trim()
}

const ZONE = 'app 1 IN A 127.0.0.5\napp 1 IN A 127.0.0.6\ncache 1 IN A 127.0.0.8\n'

describeRecipe('dns-names', {
  needs: ['knotd', 'knotc', 'redis-server', 'redis-cli', 'nginx', 'curl'],
  prepare: async (folder) => {
    const [own, ownCache, web, cache] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ]
    const knot = await Knot.start(join(folder, 'knot'), 'example.net', ZONE)
    const listens = [5, 6, 7].map((each) => `listen 127.0.0.${each}:${web};`)
    await runNginx(folder, { http: `server { ${listens.join(' ')} return 200 "hello\\n"; }` }, [web])
    const redis = new Program('redis-server', [
      ...['--port', String(cache), '--bind', '127.0.0.8', '127.0.0.9', '--dir', folder],
      ...['--save', '', '--appendonly', 'no'],
    ])
    await listeningOn(cache, redis)
    return {
      '0.0.0.0:80': `127.0.0.1:${own}`,
      '0.0.0.0:6379': `127.0.0.1:${ownCache}`,
      'app.example.net:8080': `app.example.net:${web}`,
      'cache.example.net:6379': `cache.example.net:${cache}`,
      '10.0.0.2': `127.0.0.1:${knot.port}`,
      '10.0.0.5:8080': `127.0.0.5:${web}`,
      '10.0.0.6:8080': `127.0.0.6:${web}`,
      's/10.0.0.6/10.0.0.7/; s/10.0.0.8/10.0.0.9/': 's/127.0.0.6/127.0.0.7/; s/127.0.0.8/127.0.0.9/',
      '/var/lib/knot/example.net.zone': `${folder}/knot/zone`,
      'http://proxy.example.net/': `http://127.0.0.1:${own}/`,
      'redis-cli -h proxy.example.net': `redis-cli -p ${ownCache}`,
      'knotc ': `knotc --socket ${folder}/knot/control `,
    }
  },
  more: (recipe) => {
    it('after the change of DNS in dns-names.md, new clients go to the new addresses', async () => {
      const records = await untilAnswer(
        () => recipe.records(),
        ({ length }) => length === 3,
      )
      const reached = records.map(({ backendAddress }) => backendAddress?.split(':')[0])
      expect(new Set(reached)).toEqual(new Set(['127.0.0.5', '127.0.0.7', '127.0.0.9']))
    })
  },
})
