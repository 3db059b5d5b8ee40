/**
 * The verbs that ask a running millrace. Every example of docs/commands.md runs and prints what the page shows, except
 * for the figures. Further tests check what the page does not show.
 */
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { VERBS } from '../../src/command/verbs/verbs.js'
import { temporaryFolder } from '../support/folder.js'
import { CLI, runMillrace } from '../support/millrace.js'
import { run } from '../support/programs.js'
import { VerbsRig } from './verbs-rig.js'

const folder = temporaryFolder()
const docs = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8')
/** Every `$ millrace …` of the page, with the output below it. */
const EXAMPLES = [...docs.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
  block
    .split(/^\$ /m)
    .filter(Boolean)
    .map((text) => {
      const [command = '', ...lines] = text.split('\n')
      return { command, output: lines.join('\n').trimEnd() }
    }),
)

/** Examples that change nothing can ask the same millrace. */
const LOOKS = /^millrace (?:status|connections|sources|log|help|top --once)(?! --level| --reopen)/

/** The id of a connection. */
const ID = /[0-9A-HJKMNP-TV-Z]{26}/

let rig: VerbsRig

function eachHasARig(): void {
  beforeEach(async () => {
    rig = await VerbsRig.start(folder)
  })
  afterEach(() => rig.end())
}

function allShareARig(): void {
  beforeAll(async () => {
    rig = await VerbsRig.start(folder)
  })
  afterAll(() => rig.end())
}

/** Replaces what changes from run to run. */
function shapeOf(text: string): string {
  return text
    .replaceAll(new RegExp(ID, 'g'), 'ID')
    .replaceAll(/(127\.0\.0\.1|10\.0\.0\.\d):\d+/g, 'ADDRESS')
    .replaceAll(/\d+(\.\d+)? ?(ms|s)\b/g, 'TIME')
    .replaceAll(/process \d+/g, 'process PID')
    .replaceAll(/\d+(\.\d+)? [KMG]?B/g, 'BYTES')
    .replaceAll(/(127\.0\.0\.1 +\d+ +)\d+$/gm, '$1RATE')
    .replaceAll(/\d+%| –(?=\s|$)/g, ' SHARE')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/ $/gm, '')
}

async function expectExample(line: string, output: string): Promise<void> {
  const { stdout, stderr, code } = await rig.ask(line)
  rig.noteSuccessor(stdout)
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  expect(shapeOf(stdout.trimEnd())).toBe(shapeOf(output))
}

async function expectJson(line: string): Promise<void> {
  const { stdout, code } = await rig.ask(`${line} --json`)
  expect(code).toBe(0)
  expect(() => JSON.parse(stdout)).not.toThrow()
}

it('docs/commands.md has an example of every verb', () => {
  const verbs = EXAMPLES.map(({ command }) => command.split(' ')[1])
  expect(VERBS.filter((verb) => !verbs.includes(verb))).toEqual([])
})

describe('verbs that only look', () => {
  allShareARig()

  it.each(EXAMPLES.filter(({ command }) => LOOKS.test(command)))(
    'docs/commands.md shows what `$command` prints',
    async ({ command, output }) => {
      await expectExample(command.replace(/^millrace /, ''), output)
    },
  )

  it.each(['status', 'connections', 'sources', 'top --once'])(
    '`millrace %s --json` prints the JSON of the API',
    async (line) => await expectJson(line),
  )
})

describe('verbs', () => {
  eachHasARig()

  it.each(EXAMPLES.filter(({ command }) => !LOOKS.test(command)))(
    'docs/commands.md shows what `$command` prints',
    async ({ command, output }) => {
      const line = command
        .replace(/^millrace /, '')
        .replace(/10\.0\.0\.5:5432/, rig.backends[0]!.address)
        .replace(ID, (await rig.ask('connections')).stdout.match(ID)?.[0] ?? '')
      if (command.includes('reload')) {
        writeFileSync(
          rig.file,
          JSON.stringify({ splice: 'auto', ...rig.config(), timeouts: { idleMs: '1h' } }),
        )
      }
      if (line.startsWith('diff')) await rig.ask('add backend pg 10.0.0.6:5432 --weight 2')
      if (line.startsWith('release')) await rig.ask('hold pg --max 1m')
      if (/^(?:bans|unban)/.test(line)) await rig.ask('ban 192.0.2.7 --for 1h --why scan')
      await expectExample(line, output)
    },
  )

  it.each(['kill --all', 'reload', 'log --level debug'])(
    '`millrace %s --json` prints the JSON of the API',
    async (line) => await expectJson(line),
  )

  it('`millrace status` finds the running millrace without --admin, or says that none runs', async () => {
    await rig.millrace.program.kill()
    const { admin, ...rest } = rig.config()
    await rig.run(rest)
    const { address } = await rig.millrace.logged(({ msg }) => msg.startsWith('admin on'))
    const runtime = /^unix:(.*)\/millrace\/\d+\.sock$/.exec(address!)![1]!
    const found = await runMillrace(['status'], { env: { XDG_RUNTIME_DIR: runtime } })
    expect(found).toMatchObject({ code: 0, stdout: expect.stringContaining('postgres') })
    const none = await runMillrace(['status'], { env: { XDG_RUNTIME_DIR: `${folder}/none` } })
    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('found no running millrace of this user'),
    })
  })

  it('`millrace reload` with a bad config shows every problem and exits with 78', async () => {
    writeFileSync(rig.file, '{\n  "listeners": [],\n  "nonsense": 1\n}')
    const { code, stderr } = await rig.ask('reload')
    expect(code).toBe(78)
    expect(stderr).toContain(`${rig.file}:2:`)
    expect(stderr).toContain('nonsense: unknown key')
    expect((await rig.ask('status')).stdout).toContain('postgres')
  })

  it('a verb with --json that fails prints the reason as JSON too', async () => {
    const problem = (stdout: string) => JSON.parse(stdout) as Record<string, unknown>
    const refused = await rig.ask('kill NOSUCHID --json')
    expect(refused).toMatchObject({ code: 1, stderr: 'millrace: there is no connection "NOSUCHID"\n' })
    expect(problem(refused.stdout)).toMatchObject({ status: 404, title: 'Not Found' })
    writeFileSync(rig.file, '{ "nonsense": 1 }')
    const bad = await rig.ask('reload --json')
    expect(bad.code).toBe(78)
    expect(problem(bad.stdout)).toMatchObject({ status: 422, code: 'config-invalid', problems: [{}, {}, {}] })
    const nobody = await rig.ask('status --json --admin 127.0.0.1:1')
    expect(nobody.code).toBe(1)
    expect(problem(nobody.stdout).detail).toContain('ECONNREFUSED')
  })

  it('`millrace reload` exits with 78 if the config file is gone', async () => {
    rmSync(rig.file)
    const { code, stderr } = await rig.ask('reload')
    expect({ code, stderr }).toMatchObject({ code: 78, stderr: expect.stringContaining(rig.file) })
  })

  it('`millrace kill` with several ids ends the connections that still exist, and says how many', async () => {
    const { connections } = JSON.parse((await rig.ask('connections --json')).stdout)
    expect(await rig.ask(`kill ${connections[0].id} 01ARYZ6S410000000000000000`)).toMatchObject({
      code: 0,
      stdout: 'killed 1 of 2\n',
    })
  })

  it('a verb exits with 0 and prints no error if the reader of its output is gone', async () => {
    const script = `"$0" "$1" connections --limit 1000 | true; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = await run('bash', ['-c', script, process.execPath, CLI], { env: rig.env })
    expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' })
  })

  it('a verb that gets no answer says whether the server closed or nobody listens', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const { code, stderr } = await rig.ask(`status --admin 127.0.0.1:${port}`)
    server.close()
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('without an answer') })
    expect(stderr).not.toContain('no millrace answers')
  })

  it('a verb sends the token of --token-file or MILLRACE_ADMIN_TOKEN to an admin port', async () => {
    await rig.millrace.program.kill()
    const token = 'a-token-of-a-file-0123456789'
    await rig.run({ ...rig.config(), admin: { address: '127.0.0.1:0', token } })
    const { address } = await rig.millrace.logged(({ msg }) => msg.startsWith('admin on'))
    writeFileSync(`${folder}/token`, `${token}\n`)
    expect(await rig.ask(`status --admin ${address} --token-file ${folder}/token`)).toMatchObject({ code: 0 })
    expect(await rig.ask('status', { MILLRACE_ADMIN: address!, MILLRACE_ADMIN_TOKEN: token })).toMatchObject({
      code: 0,
    })
    const refused = await rig.ask('status', { MILLRACE_ADMIN: address! })
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('Authorization: Bearer') })
  })

  it('`millrace status` lists a drain, and `millrace drain` exits with 1 if it is cancelled', async () => {
    const address = rig.backends[0]!.address
    const waiting = rig.ask(`drain --cluster pg --backend ${address} --deadline 0`)
    await rig.millrace.logged(({ msg }) => msg === 'draining')
    expect((await rig.ask('status')).stdout).toContain(
      `draining backend ${address} of pg: 1 connection left, no deadline\n`,
    )
    await rig.ask(`backend pg ${address} --state up`)
    expect(await waiting).toMatchObject({
      code: 1,
      stdout: 'cancelled: 0 finished by themselves, 0 closed, 0 cut\n',
    })
    rig.clients[0]!.send(Buffer.alloc(10))
    await rig.clients[0]!.receive(2010)
  })

  it('`millrace drain --deadline` waits until the drain is over', async () => {
    const address = rig.backends[0]!.address
    rig.clients[0]!.end()
    expect(await rig.ask(`drain --cluster pg --backend ${address} --deadline 5s`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^drained: \d finished/),
    })
  })

  it('`millrace drain --all` returns at once, and millrace exits with its last connection', async () => {
    expect(await rig.ask('drain --all')).toMatchObject({
      code: 0,
      stdout: 'no new connections; 2 connections left\n',
    })
    for (const client of rig.clients) client.end()
    expect(await rig.millrace.program.exited).toEqual({ code: 0, signal: null })
  })
})
