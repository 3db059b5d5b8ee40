import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type CommandLine, overrideConfig, parseCommandLine } from '../../src/command/command-line.js'
import { validateConfig } from '../../src/config/validate.js'

const parse = (...args: string[]): CommandLine => parseCommandLine(args, '1.2.3')
const forward = ['--listen', '127.0.0.1:7000', '--to', '127.0.0.1:9000']
const nothing = { splice: undefined, workers: undefined, logLevel: undefined, accessLog: undefined }

describe('parseCommandLine', () => {
  it('--listen and --to make a config with the same defaults as a config file', () => {
    const { base } = parse(...forward) as CommandLine & { kind: 'run' }
    expect(base.config).toEqual(
      validateConfig({
        listeners: [{ address: '127.0.0.1:7000', cluster: 'default' }],
        clusters: { default: { backends: ['127.0.0.1:9000'] } },
      }),
    )
    expect(validateConfig(base.input)).toEqual(base.config)
  })

  it('the command line takes several backends in --to, and every option', () => {
    const flags = ['--splice', 'on', '--workers', 'auto', '--log-level=debug', '--no-access-log']
    const commandLine = parse('--listen', 'unix:/tmp/a', '--to', '[::1]:80,db.example:5432,unix:/b', ...flags)
    expect(commandLine).toMatchObject({
      kind: 'run',
      base: {
        config: {
          splice: 'on',
          workers: 'auto',
          listeners: [{ name: 'unix:/tmp/a', address: { kind: 'unix', path: '/tmp/a' } }],
          clusters: {
            default: {
              backends: [
                { address: { kind: 'tcp', host: '::1', port: 80 } },
                { address: { kind: 'tcp', host: 'db.example', port: 5432 } },
                { address: { kind: 'unix', path: '/b' } },
              ],
            },
          },
          log: { level: 'debug', access: false },
        },
      },
    })
  })

  it('parseCommandLine returns the name of the config file and does not read it', () => {
    expect(parse('--config', 'none.yaml')).toEqual({
      kind: 'run-file',
      file: 'none.yaml',
      overrides: nothing,
    })
    expect(parse('--config=a.yaml', '--splice=off', '--workers=3', '--no-access-log')).toEqual({
      kind: 'run-file',
      file: 'a.yaml',
      overrides: { splice: 'off', workers: 3, logLevel: undefined, accessLog: false },
    })
    expect(parse('check', '--config', 'none.yaml')).toEqual({ kind: 'check', file: 'none.yaml' })
  })

  it('a command line without a config starts the demonstration', () => {
    expect(parse()).toEqual({ kind: 'demo', splice: 'auto' })
    expect(parse('--splice', 'off')).toEqual({ kind: 'demo', splice: 'off' })
  })

  it('--help and --version print on stdout and exit with 0', () => {
    expect(parse('--version')).toEqual({ kind: 'exit', code: 0, stdout: '1.2.3\n', stderr: '' })
    const help = parse('--help')
    expect(help).toMatchObject({ kind: 'exit', code: 0, stderr: '' })
    for (const word of [
      '--listen',
      '--to',
      '--config',
      '--splice',
      '--workers',
      '--log-level',
      'check',
      'Exit codes',
    ]) {
      expect(help).toHaveProperty('stdout', expect.stringContaining(word))
    }
    expect(parse('check', '--help')).toMatchObject({
      kind: 'exit',
      code: 0,
      stdout: expect.stringContaining('--config'),
    })
  })

  it.each<[string[], string]>([
    [['--lisen', 'x'], "error: unknown option '--lisen'\n(Did you mean --listen?)"],
    [['chek', '--config', 'x'], 'error: unknown command "chek"; did you mean "check"?'],
    [
      ['serve'],
      'error: unknown command "serve": write one of "check", "import", "status", "connections", "sources", "kill", "limit", "drain", "backend", "listener", "add", "remove", "diff", "failback", "hold", "release", "ban", "unban", "bans", "reload", "upgrade", "log", "top", "completion", "help"',
    ],
    [
      ['millrace.yaml'],
      'error: unknown command "millrace.yaml": to serve this config, write --config millrace.yaml',
    ],
    [
      ['--config', 'x', 'check'],
      'error: --config stands before "check", which does not take it: options of a command stand behind its name',
    ],
    [
      ['--no-access-log', 'add', 'backend'],
      'error: --no-access-log stands before "add", which does not take it: options of a command stand behind its name',
    ],
    [['--version', '--json'], "error: unknown option '--json'"],
    [['--version', '--config', 'x'], 'error: --version stands alone: remove --config'],
    [
      ['--config', 'x', '--config', 'y'],
      "error: option '--config <file>' argument 'y' is invalid. You gave --config twice. Give one file. It can include others.",
    ],
    [
      ['--config', ''],
      "error: option '--config <file>' argument '' is invalid. It is empty: write a value, or remove the option.",
    ],
    [
      ['--pid-file', '--workers', '2'],
      "error: option '--pid-file <file>' argument '--workers' is invalid. It is an option: --pid-file needs a value.",
    ],
    [
      ['--pid-file', '-V'],
      "error: option '--pid-file <file>' argument '-V' is invalid. It is an option: --pid-file needs a value.",
    ],
    [['--config'], "error: option '--config <file>' argument missing"],
    [['--listen', '127.0.0.1:7000'], 'error: --listen needs --to, such as --to 127.0.0.1:9000'],
    [['--to', '127.0.0.1:9000'], 'error: --to needs --listen, such as --listen 127.0.0.1:7000'],
    [
      ['--config', 'x', '--listen', '127.0.0.1:1'],
      "error: option '--config <file>' cannot be used with option '--listen <address>'",
    ],
    [
      ['--config', 'x', '--to', 'a:1'],
      "error: option '--config <file>' cannot be used with option '--to <addresses>'",
    ],
    [
      ['--workers', '2'],
      'error: the demonstration takes only --splice: add --config FILE, or --listen and --to',
    ],
    [
      ['--listen', '127.0.0.1', '--to', 'a:1'],
      "error: option '--listen <address>' argument '127.0.0.1' is invalid. a port is missing: write 127.0.0.1:PORT",
    ],
    [
      ['--listen', '1234', '--to', 'a:1'],
      "error: option '--listen <address>' argument '1234' is invalid. a host is missing in \"1234\": write 127.0.0.1:1234 for this machine alone, or 0.0.0.0:1234 to listen on all IPv4 addresses",
    ],
    [
      ['--listen', 'a.example:1', '--to', 'a:1'],
      "error: option '--listen <address>' argument 'a.example:1' is invalid. a listener cannot use the host name \"a.example\": write an IP address or localhost",
    ],
    [
      [...forward, '--listen', '127.0.0.1:7001'],
      "error: option '--listen <address>' argument '127.0.0.1:7001' is invalid. You gave --listen twice. Give one address, or use a config file for several.",
    ],
    [
      ['--listen', '127.0.0.1:1', '--to', 'a:1,b:0'],
      "error: option '--to <addresses>' argument 'a:1,b:0' is invalid. expected a port from 1 to 65535, found 0",
    ],
    [
      ['--listen', '127.0.0.1:1', '--to', 'a:1,'],
      "error: option '--to <addresses>' argument 'a:1,' is invalid. \"\" is not an address: write HOST:PORT, [IPv6]:PORT or unix:/path",
    ],
    [
      ['--listen', '127.0.0.1:1', '--to', 'a:1,A:1'],
      "error: option '--to <addresses>' argument 'a:1,A:1' is invalid. Two backends have the same address: remove one.",
    ],
    [
      [...forward, '--to', 'b:1'],
      "error: option '--to <addresses>' argument 'b:1' is invalid. You gave --to twice. Give it once, with commas between the backends.",
    ],
    [
      [...forward, '--splice', 'yes'],
      "error: option '--splice <mode>' argument 'yes' is invalid. Allowed choices are auto, on, off.",
    ],
    [
      [...forward, '--workers', '0'],
      'error: option \'--workers <count>\' argument \'0\' is invalid. expected "auto" or a whole number from 1 to 256, found "0"',
    ],
    [
      [...forward, '--log-level', 'loud'],
      "error: option '--log-level <level>' argument 'loud' is invalid. Allowed choices are trace, debug, info, warn, error, fatal, silent.",
    ],
  ])('the command line %j exits with 2 and a reason', (args, reason) => {
    expect(parse(...args)).toEqual({
      kind: 'exit',
      code: 2,
      stdout: '',
      stderr: `${reason}\n(millrace --help lists all commands and options)\n`,
    })
  })

  it.each<[string[], string]>([
    [['check'], 'error: check needs a file, such as: millrace check FILE'],
    [['check', '--config', 'x', 'y'], 'error: check takes one file: write it once, with or without --config'],
    [['check', '--confg', 'x'], "error: unknown option '--confg'\n(Did you mean --config?)"],
    [['add', 'backnd'], 'error: unknown command "backnd"; did you mean "backend"?'],
    [['add', 'x'], 'error: unknown command "x": write one of "backend", "cluster", "route", "listener"'],
    [['add', 'backend', 'pg'], "error: missing required argument 'address'"],
    [['help', 'drian', 'x'], 'error: unknown command "drian"'],
    [['help', 'add', 'backnd'], 'error: unknown command "backnd"; did you mean "backend"?'],
    [['help', 'top', 'x'], 'error: "top" has no commands: remove "x"'],
    [['kill', ''], "error: command-argument value '' is invalid for argument 'ids'. It is empty."],
    [
      ['ban', '192.0.2.1', '--for', '1h', '--for', '2h'],
      "error: option '--for <time>' argument '2h' is invalid. You gave --for twice. Give it once.",
    ],
  ])(
    'the command line %j exits with 2, a reason, and the help that lists what the command takes',
    (args, reason) => {
      const { code, stderr } = parse(...args) as CommandLine & { kind: 'exit' }
      expect({ code, reason: stderr.slice(0, reason.length) }).toEqual({ code: 2, reason })
      expect(stderr).toMatch(/\n\(millrace( \w+)* --help lists [\w ]+\)\n$/)
    },
  )

  it('`help` prints what --help prints, of the program, of a command, and of a part of a command', () => {
    expect(parse('help')).toEqual(parse('--help'))
    expect(parse('help', 'drain')).toEqual(parse('drain', '--help'))
    expect(parse('help', 'add', 'backend')).toEqual(parse('add', 'backend', '--help'))
  })

  it('each error of the command line in docs/commands.md is what millrace says', () => {
    const page = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8')
    const rows = [...page.matchAll(/^\| `millrace (.+)` \| (.+) \|$/gm)]
    expect(rows.length).toBeGreaterThan(5)
    for (const [, line = '', sentence = ''] of rows) {
      const words = line.split(' ').map((word) => word.replace('""', ''))
      expect(parse(...words)).toMatchObject({
        kind: 'exit',
        code: 2,
        stderr: expect.stringContaining(sentence),
      })
    }
  })

  it('several ids of connections stay in order', () => {
    expect(parse('kill', 'a', 'b', 'c')).toMatchObject({ question: { filter: { ids: ['a', 'b', 'c'] } } })
  })

  it('parseCommandLine gives equal results for the same arguments', () => {
    expect(parse(...forward)).toEqual(parse(...forward))
  })
})

describe('overrideConfig', () => {
  const { config } = (parse(...forward) as CommandLine & { kind: 'run' }).base

  it('options of the command line override the config', () => {
    const overrides = { splice: 'off', workers: 4, logLevel: 'error', accessLog: false } as const
    const overridden = overrideConfig(config, overrides)
    expect(overridden).toEqual({
      ...config,
      splice: 'off',
      workers: 4,
      log: { level: 'error', access: false, explain: false },
    })
    expect(Object.isFrozen(overridden) && Object.isFrozen(overridden.log)).toBe(true)
  })

  it('a command line without options leaves the config as it is', () => {
    expect(overrideConfig(config, nothing)).toEqual(config)
  })
})

it('a value may begin like an option that no command has', () => {
  const order = { client: '192.0.2.1', forMs: 3_600_000, why: '--abuse' }
  expect(parse('ban', '192.0.2.1', '--for', '1h', '--why', '--abuse')).toMatchObject({
    question: { verb: 'ban', order },
  })
})

describe('limit', () => {
  it.each([
    [['--down', '1MiB/s'], { down: 1_048_576 }],
    [['--up=500KB', '--down', 'off'], { up: 500_000, down: 0 }],
    [['--off'], { up: 0, down: 0 }],
  ])('the command line reads the rates of "limit %j"', (flags, order) => {
    const question = { verb: 'limit', id: '01ARZ', order }
    expect(parse('limit', '01ARZ', ...flags)).toMatchObject({ kind: 'ask', question })
  })

  it.each([
    [[], 'error: limit needs --up RATE, --down RATE or --off'],
    [['--off', '--up', '1MiB'], 'error: --off is for both ways: remove --up and --down'],
    [['--up', '8Mbit/s'], 'bytes, not bits: write 1MiB/s'],
    [['--up', '1'], '1KiB to 1TiB'],
  ])('the command line refuses "limit %j"', (flags, message) => {
    const refused = { kind: 'exit', code: 2, stderr: expect.stringContaining(message) }
    expect(parse('limit', '01ARZ', ...flags)).toMatchObject(refused)
  })
})
