/** Help and version of the command, and the exit codes 2 and 78 for wrong arguments and a wrong config. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { runMillrace } from '../support/millrace.js'

const folder = temporaryFolder()

describe('the command', () => {
  it('`millrace --help` prints the help on stdout and exits with 0', async () => {
    const { code, stdout, stderr } = await runMillrace(['--help'])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    for (const word of ['--listen', '--to', '--config', '--splice', '--workers', 'check', 'Exit codes'])
      expect(stdout).toContain(word)
  })

  it('`millrace --version` prints the version of the package and exits with 0', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(await runMillrace(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  it.each([
    [['--lisen', '127.0.0.1:0'], /unknown option '--lisen'\n\(Did you mean --listen\?\)/],
    [['chek'], /unknown command "chek"; did you mean "check"\?/],
    [['--splice', 'always'], /Allowed choices are auto, on, off/],
    [['--listen', '127.0.0.1:0'], /--listen needs --to/],
    [['--to', '127.0.0.1:9'], /--to needs --listen/],
    [['--listen', '127.0.0.1', '--to', '127.0.0.1:9'], /a port is missing: write 127\.0\.0\.1:PORT/],
    [['--listen', '127.0.0.1:0', '--to', '127.0.0.1'], /a port is missing: write 127\.0\.0\.1:PORT/],
    [['--listen', '127.0.0.1:0', '--to', '127.0.0.1:99999'], /port 99999 is too high/],
    [
      ['--listen', '127.0.0.1:0', '--to', '127.0.0.1:9', '--workers', 'many'],
      /expected "auto" or a whole number/,
    ],
    [['--config', 'a.yaml', '--to', '127.0.0.1:9'], /cannot be used with option/],
    [['check'], /check needs a file, such as: millrace check FILE/],
  ])(
    'millrace with the arguments %j exits with 2 and says on stderr what is wrong',
    async (args, explanation) => {
      const { code, stdout, stderr } = await runMillrace(args)
      expect(stderr).toMatch(explanation)
      expect(code).toBe(2)
      expect(stdout).toBe('')
    },
  )
})

describe('the config of the command', () => {
  const path = join(folder, 'bad.yaml')
  beforeAll(() => {
    writeFileSync(
      path,
      [
        'splice: allways',
        'listeners:',
        '  - addres: 127.0.0.1:0',
        '    cluster: web',
        'clusters:',
        '  wbe: { backends: ["127.0.0.1:0"] }',
        'timeouts: { idleMs: soon }',
      ].join('\n'),
    )
  })

  it.each([
    ['a check', ['check', '--config', path]],
    ['a start', ['--config', path]],
  ])(
    '%s with a bad config exits with 78 and prints each problem as file:line:col path: message',
    async (_, args) => {
      const { code, stdout, stderr } = await runMillrace(args)
      expect(code).toBe(78)
      expect(stdout).toBe('')
      const lines = stderr.trimEnd().split('\n')
      for (const line of lines) expect(line).toMatch(/^.*bad\.yaml:\d+:\d+ \S+: .+$/)
      expect(lines.map((line) => line.slice(path.length + 1).split(': ')[0])).toEqual([
        '1:9 splice',
        '3:5 listeners[0].addres',
        '3:5 listeners[0].address',
        '4:14 listeners[0].cluster',
        '6:21 clusters.wbe.backends[0]',
        '7:21 timeouts.idleMs',
      ])
      expect(lines[1]).toContain('did you mean "address"?')
    },
  )

  it.each([
    ['missing', join(folder, 'none.yaml'), 'no such file or directory'],
    ['a directory', folder, 'it is a directory'],
  ])(
    '`millrace check` exits with 78 and prints one line if the config file is %s',
    async (_, file, reason) => {
      const { code, stderr } = await runMillrace(['check', '--config', file])
      expect(code).toBe(78)
      expect(stderr).toBe(`millrace: cannot read the config ${JSON.stringify(file)}: ${reason}\n`)
    },
  )

  it.each([
    ['a check', ['check'], 1],
    ['a start', [], 1],
    ['a start with workers', [], 2],
  ])('%s with a bad list exits with 78 and prints each bad line', async (_, args, workers) => {
    const [config, list] = [join(folder, 'lists.yaml'), join(folder, 'deny.txt')]
    writeFileSync(list, '10.0.0.0/8\n10.0.0.0/33\n\n  ten\n')
    writeFileSync(
      config,
      `workers: ${workers}\nlimits: { deny: [{ file: ${list} }] }\n` +
        'listeners: [{ address: "127.0.0.1:0", cluster: a }]\nclusters: { a: { backends: ["[::1]:9"] } }',
    )
    const { code, stderr } = await runMillrace([...args, '--config', config])
    expect(stderr.split('\n').map((line) => line.split(': ')[0])).toEqual([
      `${list}:2:1 "10.0.0.0/33"`,
      `${list}:4:3 "ten"`,
      '',
    ])
    expect(code).toBe(78)
  })

  it('`millrace check` says that a good config is good and exits with 0', async () => {
    const good = join(folder, 'good.yaml')
    writeFileSync(
      good,
      'listeners: [{ address: "127.0.0.1:0", cluster: a }]\nclusters: { a: { backends: ["[::1]:9"] } }',
    )
    expect(await runMillrace(['check', '--config', good])).toMatchObject({
      code: 0,
      stdout: `${good} is good\n`,
    })
  })

  it('`millrace check` with a test that fails exits with 78 and prints what docs/tests.md shows', async () => {
    const page = readFileSync(new URL('../../docs/tests.md', import.meta.url), 'utf8')
    const [yaml = '', , printed = ''] = Array.from(
      page.matchAll(/```(?:yaml)?\n(.*?)```/gs),
      ([, text]) => text,
    )
    const file = join(folder, 'millrace.yaml')
    const swap = (name: string): string => (name === 'shop' ? 'apps' : 'shop')
    const routes = yaml.replaceAll(/cluster: (\w+) }$/gm, (_, name) => `cluster: ${swap(name)} }`)
    writeFileSync(file, routes)
    const { code, stderr } = await runMillrace(['check', '--config', file])
    expect(stderr.replaceAll(file, 'millrace.yaml')).toBe(printed)
    expect(code).toBe(78)
  })
})
