// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is the syntax under test
import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfigFile } from '../../src/config/load.js'
import { temporaryFolder } from '../support/folder.js'
import { failureOf, good, load, problemsOf } from './config-file.js'

const directory = temporaryFolder()
const file = join(directory, 'millrace.yaml')

describe('loadConfigFile', () => {
  it('loadConfigFile reads YAML', () => {
    expect(load(good)).toMatchObject({
      splice: 'on',
      listeners: [{ name: 'postgres', address: { kind: 'tcp', host: '0.0.0.0', port: 5432 }, cluster: 'pg' }],
      clusters: { pg: { backends: [{ weight: 1 }, { address: { host: '10.0.0.6' }, weight: 2 }] } },
      timeouts: { idleMs: 600_000 },
    })
  })

  it('loadConfigFile reads JSON like YAML', () => {
    const json = JSON.stringify({
      splice: 'on',
      listeners: [{ name: 'postgres', address: '0.0.0.0:5432', cluster: 'pg' }],
      clusters: { pg: { backends: ['10.0.0.5:5432', { address: '10.0.0.6:5432', weight: 2 }] } },
      timeouts: { idleMs: 600_000 },
    })
    expect(load(json)).toEqual(load(good))
    expect(load(JSON.stringify(JSON.parse(json), null, '\t'))).toEqual(load(good))
  })

  it.each([
    ['a byte order mark', `\uFEFF${good}`],
    ['lines ending in CR LF', good.replaceAll('\n', '\r\n')],
    ['comments and document markers', `# a\n---\n${good}\n...\n# b\n`],
    ['a %YAML 1.1 line', `%YAML 1.1\n---\n${good}`],
  ])('loadConfigFile accepts %s', (_, content) => {
    expect(load(content)).toEqual(load(good))
  })

  it('loadConfigFile expands each alias to a value of its own', () => {
    const { clusters } = load(`
clusters:
  a: &a { backends: &b ["10.0.0.1:1", "10.0.0.2:1"] }
  b: *a
  c: { backends: *b, halfClose: close }
listeners: [{ address: "127.0.0.1:1", cluster: c }]
`)
    expect(clusters.b).toEqual(clusters.a)
    expect(clusters.c).toMatchObject({ backends: clusters.a?.backends, halfClose: 'close' })
  })

  it('loadConfigFile reads `no` as a text, whatever YAML version the file names', () => {
    const content = (version: string) =>
      `${version}${good.replace('cluster: pg', 'cluster: pg\n    tags: { a: no }')}`
    expect(load(content('')).listeners[0]?.tags).toEqual({ a: 'no' })
    expect(load(content('%YAML 1.1\n---')).listeners[0]?.tags).toEqual({ a: 'no' })
  })

  it('loadConfigFile returns a frozen config', () => {
    expect(Object.isFrozen(load(good).clusters.pg?.backends[0]?.address)).toBe(true)
  })
})

describe('environment variables in a config file', () => {
  const template = `
workers: \${WORKERS:-2}
listeners: [{ address: "\${HOST}:\${PORT:-7000}", cluster: pg, tags: { zone: "\${ZONE}", dollar: "$\${ZONE}" } }]
clusters: { pg: { backends: [{ address: "10.0.0.5:1", weight: "\${WEIGHT}" }] } }
log: { access: "\${ACCESS:-false}" }
`

  it('environment variables in a config file stand for texts, numbers and booleans', () => {
    const config = load(template, { HOST: '127.0.0.1', ZONE: '1', WEIGHT: '7' })
    expect(config).toMatchObject({ workers: 2, log: { access: false } })
    expect(config.listeners[0]).toMatchObject({
      address: { host: '127.0.0.1', port: 7000 },
      tags: { zone: '1', dollar: '${ZONE}' },
    })
    expect(config.clusters.pg?.backends[0]?.weight).toBe(7)
  })

  it('a missing environment variable is reported once, at its place in the config file', () => {
    expect(problemsOf(template, { WORKERS: 'many' })).toEqual([
      '2:10 workers: expected "auto" or a whole number from 1 to 256, found "many"',
      '3:24 listeners[0].address: environment variable HOST is not set: set it, or write a default as in ${NAME:-default}',
      '3:76 listeners[0].tags.zone: environment variable ZONE is not set: set it, or write a default as in ${NAME:-default}',
      '4:63 clusters.pg.backends[0].weight: environment variable WEIGHT is not set: set it, or write a default as in ${NAME:-default}',
    ])
  })

  it('an environment variable in a config file never adds a key or a list', () => {
    const evil = '127.0.0.1:1", cluster: other }, { address: "127.0.0.1:2\nsplice: off\n# '
    const [problem] = problemsOf(good.replace('0.0.0.0:5432', '${A}'), { A: evil })
    expect(problem).toMatch(/^5:14 listeners\[0\]\.address: .* is not an address/)
    expect(
      load(good.replace('name: postgres', 'tags: { a: "${A}" }'), { A: '[1, 2]' }).listeners[0]?.tags,
    ).toEqual({
      a: '[1, 2]',
    })
  })

  it('environment variables in keys of a config file are not replaced', () => {
    expect(problemsOf(`${good}"\${A}": 1\n`, { A: 'log' })).toEqual([
      '13:1 ["${A}"]: unknown key: write one of "splice", "workers", "workerHangMs", "upgradeMs", "handOver", "state", "kernelPipeBytes", "pinnedMemoryBytes", "include", "listeners", "clusters", "names", "limits", "timeouts", "keepalive", "socket", "log", "admin", "tests"',
    ])
  })
})

describe('config files that cannot be read', () => {
  function reasonOf(path: string): string {
    const { code, message, problems } = failureOf(() => loadConfigFile(path, {}))
    expect(code).toBe('config-unreadable')
    expect(problems).toEqual([])
    const prefix = `cannot read the config ${JSON.stringify(path)}: `
    expect(message.startsWith(prefix)).toBe(true)
    return message.slice(prefix.length)
  }

  it('loadConfigFile says that the file is missing', () => {
    expect(reasonOf(join(directory, 'none.yaml'))).toBe('no such file or directory')
    expect(reasonOf('')).toBe('no such file or directory')
  })

  it('loadConfigFile says that the path is a directory', () => {
    expect(reasonOf(directory)).toBe('it is a directory')
  })

  it('loadConfigFile says that the path has a NUL in it', () => {
    expect(reasonOf('a\0b')).toMatch(/null bytes/)
  })

  it('loadConfigFile refuses a file of 10 MB and says that the limit is 1 MiB', () => {
    writeFileSync(file, Buffer.alloc(10_000_000, '#'))
    expect(reasonOf(file)).toBe(
      'it has 10000000 bytes, more than the limit of 1048576 (1 MiB). Is it the right file?',
    )
  })

  it('loadConfigFile says that the process has no permission', () => {
    writeFileSync(file, good)
    chmodSync(file, 0)
    const isRoot = process.geteuid?.() === 0
    if (isRoot) chmodSync(directory, 0o755)
    if (isRoot) process.seteuid?.(65_534)
    try {
      expect(reasonOf(file)).toBe('permission denied')
    } finally {
      if (isRoot) process.seteuid?.(0)
      chmodSync(file, 0o600)
    }
  })

  it.skipIf(process.platform === 'win32')(
    'loadConfigFile refuses a FIFO and a device without waiting for them (Windows has none)',
    () => {
      const fifo = join(directory, 'fifo')
      execFileSync('mkfifo', [fifo])
      expect(reasonOf(fifo)).toBe('it is not a regular file')
      expect(reasonOf('/dev/zero')).toBe('it is not a regular file')
    },
  )
})
