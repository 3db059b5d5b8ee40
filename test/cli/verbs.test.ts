/**
 * The verbs that ask a running millrace: each example of docs/commands.md is run, and prints what is told there but for
 * the figures; and what they say where something is wrong.
 */
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProxyConfig } from '../../src/config/input.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { CLI, type Millrace, runMillrace, startWith } from '../support/millrace.js'
import { connectTo, type Peer } from '../support/peer.js'
import { run } from '../support/programs.js'

const folder = temporaryFolder()
const docs = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8')
/** `$ millrace …` and what follows it, from every block. */
const EXAMPLES = [...docs.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
  block
    .split(/^\$ /m)
    .filter(Boolean)
    .map((text) => {
      const [command = '', ...lines] = text.split('\n')
      return { command, output: lines.join('\n').trimEnd() }
    }),
)

let backends: Backend[]
let millrace: Millrace
let file: string
let clients: Peer[]
let xdg: string

beforeEach(async () => {
  clients = []
  xdg = `${folder}/${Math.random().toString(36).slice(2)}`
  backends = [(await Backend.listen()).echo(), (await Backend.listen()).echo()]
  await start()
})
afterEach(async () => {
  for (const { socket } of clients) socket.destroy()
  await millrace.program.kill()
  await Promise.all(backends.map((backend) => backend.close()))
})

const config = (): ProxyConfig => ({
  listeners: [
    { name: 'postgres', address: '127.0.0.1:0', cluster: 'pg' },
    { name: 'redis', address: '127.0.0.1:0', cluster: 'cache' },
  ],
  clusters: {
    pg: { backends: [backends[0]!.address] },
    cache: { backends: [backends[1]!.address] },
  },
  admin: `unix:${folder}/admin.sock`,
})

async function start(): Promise<void> {
  const started = await startWith(folder, config(), { splice: 'auto', native: undefined })
  millrace = started.millrace
  file = started.file
  await millrace.logged(({ msg }) => msg.startsWith('admin on'))
  for (const name of ['postgres', 'redis']) {
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: started.ports[name]! })
    clients.push(client)
    client.send(Buffer.alloc(2000))
    await client.receive(2000)
  }
}

const env = () => ({ MILLRACE_ADMIN: `unix:${folder}/admin.sock`, XDG_RUNTIME_DIR: xdg })
const ask = (line: string, more: Record<string, string> = {}) =>
  runMillrace(line.split(' '), { env: { ...env(), ...more } })

/** What changes from run to run. */
function shapeOf(text: string): string {
  return text
    .replaceAll(/[0-9A-HJKMNP-TV-Z]{26}/g, 'ID')
    .replaceAll(/(127\.0\.0\.1|10\.0\.0\.\d):\d+/g, 'ADDRESS')
    .replaceAll(/\d+(\.\d+)?(ms|s)\b/g, 'TIME')
    .replaceAll(/\d+(\.\d+)? [KMG]?B/g, 'BYTES')
    .replaceAll(/\d+%| –(?=\s|$)/g, ' SHARE')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/ $/gm, '')
}

describe('docs/commands.md', () => {
  it('has an example of every verb', () => {
    const verbs = EXAMPLES.map(({ command }) => command.split(' ')[1])
    const all = ['status', 'connections', 'kill', 'drain', 'backend', 'reload', 'log', 'top']
    expect(all.filter((verb) => !verbs.includes(verb))).toEqual([])
  })

  it.each(EXAMPLES)('tells what this prints: $command', async ({ command, output }) => {
    const line = command.replace(/^millrace /, '').replace(/10\.0\.0\.5:5432/, backends[0]!.address)
    if (command.includes('reload')) {
      writeFileSync(file, JSON.stringify({ splice: 'auto', ...config(), timeouts: { idleMs: '1h' } }))
    }
    const { stdout, stderr, code } = await ask(line)
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    expect(shapeOf(stdout.trimEnd())).toBe(shapeOf(output))
  })
})

describe('a verb', () => {
  it.each(['status', 'connections', 'kill --all', 'reload', 'log --level debug', 'top --once'])(
    'prints the API`s JSON where it is asked to: %s',
    async (line) => {
      const { stdout, code } = await ask(`${line} --json`)
      expect(code).toBe(0)
      if (!line.startsWith('top')) expect(() => JSON.parse(stdout)).not.toThrow()
    },
  )

  it('finds the one that runs without being told where', async () => {
    await millrace.program.kill()
    const { admin, ...rest } = config()
    const started = await startWith(folder, rest, { splice: 'auto', native: undefined })
    millrace = started.millrace
    const { address } = await millrace.logged(({ msg }) => msg.startsWith('admin on'))
    const runtime = /^unix:(.*)\/millrace\/\d+\.sock$/.exec(address!)![1]!
    const found = await runMillrace(['status'], { env: { XDG_RUNTIME_DIR: runtime } })
    expect(found).toMatchObject({ code: 0, stdout: expect.stringContaining('postgres') })
    const none = await runMillrace(['status'], { env: { XDG_RUNTIME_DIR: `${folder}/none` } })
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('no millrace of this user runs') })
  })

  it('shows every problem of a config that is reloaded, and exits with 78', async () => {
    writeFileSync(file, '{\n  "listeners": [],\n  "nonsense": 1\n}')
    const { code, stderr } = await ask('reload')
    expect(code).toBe(78)
    expect(stderr).toContain(`${file}:2:`)
    expect(stderr).toContain('nonsense: unknown key')
    expect((await ask('status')).stdout).toContain('postgres')
  })

  it.each([
    ['kill', 'kill needs ids'],
    ['drain', 'drain needs'],
    ['backend pg x:1', 'backend needs --state or --weight'],
    ['connections --client nonsense', 'expected addresses'],
    ['connections --idle soon', 'soon'],
    ['status extra', 'too many arguments'],
    ['backend pg x:1 --state sideways', 'Allowed choices'],
    ['status --admin 10.0.0.1:1', 'loopback'],
    ['kill --all --listener postgres', 'say it alone'],
    ['drain --all --cluster pg', 'say it alone'],
    ['drain --backend x:1', '--backend needs its --cluster'],
    ['drain --listener postgres --cluster pg', 'either --listener or --cluster'],
    ['drain --all --deadline 1s --spread 2s', 'cannot be longer'],
    ['drain --all --deadline 30d', 'at most 24d'],
    ['backend pg x:1 --weight 5000', 'from 0 to 1000'],
    ['connections --limit 0', 'from 1 to 1000'],
    ['connections --limit 1001', 'from 1 to 1000'],
    ['log --level debug --reopen', 'cannot be used with'],
  ])('that makes no sense is wrong use: %s', async (line, sentence) => {
    const { code, stderr } = await ask(line)
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(sentence) })
  })

  it.each([
    ['drain --listener nobody', 'there is no listener named "nobody"'],
    ['drain --listener postgre', 'did you mean "postgres"?'],
    ['connections --listener reddis', 'there is no listener "reddis"; did you mean "redis"?'],
    ['kill --listener reddis', 'did you mean "redis"?'],
    ['kill --cluster cach', 'did you mean "cache"?'],
    ['kill NOSUCHID', 'there is no connection "NOSUCHID"'],
    ['backend pg 127.0.0.1:1 --weight 2', 'no backend of "pg"'],
    ['status --admin 127.0.0.1:1', 'nobody answers at 127.0.0.1:1: ECONNREFUSED'],
    ['status --admin 127.0.0.1:1 --token-file /nonexistent', 'cannot read the token'],
  ])('that cannot be done says why: %s', async (line, sentence) => {
    const { code, stderr } = await ask(line)
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(sentence) })
  })

  it('says why in JSON, too, where it is asked to', async () => {
    const problem = (stdout: string) => JSON.parse(stdout) as Record<string, unknown>
    const refused = await ask('kill NOSUCHID --json')
    expect(refused).toMatchObject({ code: 1, stderr: 'millrace: there is no connection "NOSUCHID"\n' })
    expect(problem(refused.stdout)).toMatchObject({ status: 404, title: 'Not Found' })
    writeFileSync(file, '{ "nonsense": 1 }')
    const bad = await ask('reload --json')
    expect(bad.code).toBe(78)
    expect(problem(bad.stdout)).toMatchObject({ status: 422, code: 'config-invalid', problems: [{}, {}, {}] })
    const nobody = await ask('status --json --admin 127.0.0.1:1')
    expect(nobody.code).toBe(1)
    expect(problem(nobody.stdout).detail).toContain('ECONNREFUSED')
  })

  it('exits with 78 where the config to reload is gone', async () => {
    rmSync(file)
    const { code, stderr } = await ask('reload')
    expect({ code, stderr }).toMatchObject({ code: 78, stderr: expect.stringContaining(file) })
  })

  it('kills those of several that are still there, and says how many', async () => {
    const { connections } = JSON.parse((await ask('connections --json')).stdout)
    expect(await ask(`kill ${connections[0].id} 01ARYZ6S410000000000000000`)).toMatchObject({
      code: 0,
      stdout: 'killed 1 of 2\n',
    })
  })

  it('leaves quietly with who reads it', async () => {
    const script = `"$0" "$1" connections --limit 1000 | true; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = await run('bash', ['-c', script, process.execPath, CLI], { env: env() })
    expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' })
  })

  it('tells who closes without an answer from who is not there', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const { code, stderr } = await ask(`status --admin 127.0.0.1:${port}`)
    server.close()
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('without an answer') })
    expect(stderr).not.toContain('nobody answers')
  })

  it('shows the token of a file or of the environment at a port', async () => {
    await millrace.program.kill()
    const token = 'a-token-of-a-file-0123456789'
    const started = await startWith(
      folder,
      { ...config(), admin: { address: '127.0.0.1:0', token } },
      { splice: 'auto', native: undefined },
    )
    millrace = started.millrace
    const { address } = await millrace.logged(({ msg }) => msg.startsWith('admin on'))
    writeFileSync(`${folder}/token`, `${token}\n`)
    expect(await ask(`status --admin ${address} --token-file ${folder}/token`)).toMatchObject({ code: 0 })
    expect(await ask('status', { MILLRACE_ADMIN: address!, MILLRACE_ADMIN_TOKEN: token })).toMatchObject({
      code: 0,
    })
    const refused = await ask('status', { MILLRACE_ADMIN: address! })
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('Authorization: Bearer') })
  })

  it('lists the drains that run, and tells whoever waits for one that it was called off', async () => {
    const address = backends[0]!.address
    const waiting = ask(`drain --cluster pg --backend ${address} --deadline 0`)
    await millrace.logged(({ msg }) => msg === 'draining')
    expect((await ask('status')).stdout).toContain(
      `draining backend ${address} of pg: 1 connection left, without a deadline\n`,
    )
    await ask(`backend pg ${address} --state up`)
    expect(await waiting).toMatchObject({
      code: 1,
      stdout: 'called off: 0 finished by themselves, 0 closed, 0 cut\n',
    })
    clients[0]!.send(Buffer.alloc(10))
    await clients[0]!.receive(2010)
  })

  it('ends the process after it has drained everything', async () => {
    for (const client of clients) client.end()
    expect(await ask('drain --all --deadline 5s')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^drained: \d finished/),
    })
    expect(await millrace.program.exited).toEqual({ code: 0, signal: null })
  })
})
