/** Recipes for operators, with the servers that they are for. */
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runNginx } from '../../support/nginx.js'
import { freePort } from '../../support/programs.js'
import type { AccessRecord } from '../../support/record-fields.js'
import { startSshd } from '../../support/sshd.js'
import { until, untilAnswer } from '../../support/wait.js'
import { describeRecipe } from './recipe.js'

describeRecipe('bastion', {
  needs: ['ssh', 'sshd', 'ssh-keygen'],
  prepare: async (folder) => {
    const [own, nobody] = [await freePort(), await freePort()]
    const { port, login } = await startSshd(join(folder, 'ssh'))
    return {
      '0.0.0.0:22': `127.0.0.1:${own}`,
      'bastion1.example.net:22': `127.0.0.1:${port}`,
      'bastion2.example.net:22': `127.0.0.1:${nobody}`,
      'ssh admin@proxy.example.net': `ssh -p ${own} ${login.join(' ')}`,
      '/var/log/millrace/millrace.log': join(folder, 'log'),
    }
  },
  more: (recipe) => {
    it('the record of the SSH session that is one too many says source-limit', async () => {
      const isRefused = ({ ended: { cause } }: AccessRecord): boolean => cause.startsWith('source-limit')
      await untilAnswer(
        () => recipe.records(),
        (records) => records.some(isRefused),
      )
    })
  },
})

describeRecipe('blue-green', {
  needs: ['nginx', 'curl'],
  prepare: async (folder) => {
    const [own, blue, green] = [await freePort(), await freePort(), await freePort()]
    const version = (name: string, port: number): string =>
      `server { listen 127.0.0.1:${port}; location / { return 200 "${name}\\n"; } }`
    await runNginx(folder, { http: version('blue', blue) + version('green', green) }, [blue, green])
    return {
      '0.0.0.0:80': `127.0.0.1:${own}`,
      'blue.example.net:8080': `127.0.0.1:${blue}`,
      'green.example.net:8080': `127.0.0.1:${green}`,
      'http://proxy.example.net/': `http://127.0.0.1:${own}/`,
      '/var/lib/millrace/changes.json': join(folder, 'changes.json'),
    }
  },
})

const NAME_THE_NEW_ONE =
  "export MILLRACE_ADMIN=unix:$XDG_RUNTIME_DIR/millrace/$(sed 's/.*process \\([0-9]*\\).*/\\1/' upgraded).sock"
const BYTES = 40_000_000
let server: Server

describeRecipe('upgrade', {
  needs: ['curl'],
  prepare: async (folder) => {
    const [own, two] = [await freePort(), await freePort()]
    server = createServer((_, answer) => void sendInHalves(answer, join(folder, 'asked')))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const one = (server.address() as AddressInfo).port
    return {
      '0.0.0.0:80': `127.0.0.1:${own}`,
      'web1.example.net:8080': `127.0.0.1:${one}`,
      'web2.example.net:8080': `127.0.0.1:${two}`,
      'http://proxy.example.net/': `http://127.0.0.1:${own}/`,
      '--limit-rate 10M': '',
      '$ cat result': '$ : > asked\n$ cat result',
      // The new process has another admin socket. A reader's commands find it, because a reader's machine runs one millrace.
      '$ millrace upgrade': `$ millrace upgrade | tee upgraded; ${NAME_THE_NEW_ONE}`,
    }
  },
  finish: () => {
    server.closeAllConnections()
    server.close()
  },
  more: (recipe) => {
    it('a download that began before the upgrade is whole, and ends in the new process', async () => {
      expect(statSync(join(recipe.folder, 'big')).size).toBe(BYTES)
      const [record] = await untilAnswer(
        () => recipe.records(),
        ({ length }) => length === 1,
      )
      const upgraded = readFileSync(join(recipe.folder, 'upgraded'), 'utf8')
      expect(upgraded).toContain(`process ${record!.pid} serves`)
      expect(record!.ended.cause).toBe('finished')
    })
  },
})

/** Sends the second half of the file when `asked` is there, which is after the upgrade. */
async function sendInHalves(answer: ServerResponse, asked: string): Promise<void> {
  const half = Buffer.alloc(BYTES / 2, 'half ')
  answer.writeHead(200, { 'content-length': BYTES })
  answer.write(half)
  await until(() => existsSync(asked) || answer.destroyed)
  answer.end(half)
}
