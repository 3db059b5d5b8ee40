/** The log of the command: a file that is rotated, a file that cannot be written, and a stdout that nobody reads. */
import { spawn } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { CLI, type LogLine, Millrace, runMillrace, writeConfig } from '../support/millrace.js'
import { connectTo } from '../support/peer.js'
import { areMissing, freePort, run } from '../support/programs.js'
import { pause, until, untilAnswer } from '../support/wait.js'

const folder = temporaryFolder()
const STDOUT_CONNECTIONS = 3000
/** Makes all records together more than may wait for stdout. A pipe takes a line of up to 4096 bytes as a whole. */
const LONG_TAGS = { long: 'x'.repeat(2500) }
const AT_ONCE = 20

let server: Backend
let port: number

beforeEach(async () => {
  server = (await Backend.listen()).echo()
  port = await freePort()
})
afterEach(() => server.close())

const configOf = (log: object, tags = {}): string =>
  writeConfig(folder, {
    listeners: [{ address: `127.0.0.1:${port}`, cluster: 'only', tags }],
    clusters: { only: { backends: [server.address] } },
    admin: false,
    log,
  })

/** A client connects, gets its echo, and closes. */
async function converse(): Promise<void> {
  const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
  client.send(Buffer.from('hello'))
  await client.receive(5)
  client.end()
  await client.closed
}

const linesIn = (text: string): LogLine[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as LogLine)

describe('log.file', () => {
  const path = join(folder, 'logs', 'millrace.log')
  let millrace: Millrace
  let config: string

  const linesOf = (file: string): LogLine[] => (existsSync(file) ? linesIn(readFileSync(file, 'utf8')) : [])
  const recordsIn = (file: string): number => linesOf(file).filter(({ msg }) => msg === 'connection').length

  async function recorded(file: string, count: number): Promise<void> {
    await until(() => recordsIn(file) >= count)
  }

  async function seen(file: string, isIt: (line: LogLine) => boolean): Promise<LogLine> {
    const found = (): LogLine | undefined => linesOf(file).find(isIt)
    return (await untilAnswer(found, (line) => line !== undefined))!
  }

  beforeEach(async () => {
    await mkdir(join(folder, 'logs'), { recursive: true })
    config = configOf({ file: path })
    millrace = new Millrace(['--config', config])
    await seen(path, ({ msg }) => msg.startsWith('listening on'))
  })
  afterEach(async () => {
    await millrace.program.kill()
    rmSync(join(folder, 'logs'), { recursive: true, force: true })
  })

  it('SIGUSR2 reopens log.file without losing a record, and SIGTERM writes the last lines', async () => {
    await converse()
    await recorded(path, 1)
    renameSync(path, `${path}.1`)
    await converse()
    await recorded(`${path}.1`, 2)
    millrace.program.child.kill('SIGUSR2')
    await until(() => existsSync(path))
    await converse()
    expect(await millrace.stop()).toEqual({ code: 0, signal: null })
    expect([recordsIn(`${path}.1`), recordsIn(path)]).toEqual([2, 1])
    expect(linesOf(path).at(-1)).toMatchObject({ msg: 'drained' })
    expect(millrace.program.stdout).toBe('')
  })

  it('a reload moves the log to another file or to stdout without losing a record', async () => {
    await converse()
    await recorded(path, 1)
    const other = join(folder, 'logs', 'other.log')
    renameSync(configOf({ file: other }), config)
    millrace.program.child.kill('SIGHUP')
    await seen(other, ({ msg }) => msg === 'config reloaded')
    await converse()
    await recorded(other, 1)
    renameSync(configOf({}), config)
    millrace.program.child.kill('SIGHUP')
    await millrace.logged(({ msg }) => msg === 'config reloaded')
    await converse()
    expect(await millrace.stop()).toEqual({ code: 0, signal: null })
    expect([recordsIn(path), recordsIn(other)]).toEqual([1, 1])
    expect(linesIn(millrace.program.stdout).filter(({ msg }) => msg === 'connection')).toHaveLength(1)
  })

  it('a reload changes nothing if its log.file cannot be written', async () => {
    renameSync(configOf({ file: '/nowhere/at/all.log', level: 'warn', access: false }), config)
    millrace.program.child.kill('SIGHUP')
    const line = await seen(path, ({ msg }) => msg.startsWith('the reload failed'))
    expect(line.err).toMatchObject({ code: 'log-failed' })
    await converse()
    await recorded(path, 1)
  })

  it('SIGUSR2 keeps the old log file open if its folder is gone, and logs an error', async () => {
    renameSync(path, join(folder, 'moved.log'))
    rmSync(join(folder, 'logs'), { recursive: true })
    millrace.program.child.kill('SIGUSR2')
    const line = await seen(join(folder, 'moved.log'), ({ level }) => level === 50)
    expect(line).toMatchObject({ msg: 'the old log file stays open', err: { code: 'log-failed' } })
    await converse()
    expect(await millrace.stop()).toEqual({ code: 0, signal: null })
    expect(recordsIn(join(folder, 'moved.log'))).toBe(1)
  })
})

describe('a log that cannot be written', () => {
  it.each([
    ['/nowhere/at/all.log', 'there is no such folder (ENOENT)'],
    [folder, 'it is a folder (EISDIR)'],
    ['/dev/null/a.log', 'a part of its path is not a folder (ENOTDIR)'],
  ])('millrace exits with 1 if it cannot write its log to %s', async (file, why) => {
    const { code, stderr } = await runMillrace(['--config', configOf({ file })])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `millrace: the log cannot be written to ${file}: ${why}\n`,
    })
  })
})

describe.skipIf(areMissing('mkfifo'))('a stdout that nobody reads', () => {
  it('a stdout that nobody reads stops no connection, and millrace counts the records that are lost', async () => {
    const path = join(folder, 'stdout')
    await run('mkfifo', [path])
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const writer = openSync(path, constants.O_WRONLY)
    const child = spawn(process.execPath, [CLI, '--config', configOf({}, LONG_TAGS)], {
      stdio: ['ignore', writer, 'inherit'],
    })
    closeSync(writer)
    let isOver = false
    child.once('exit', () => {
      isOver = true
    })
    onTestFinished(() => {
      child.kill('SIGKILL')
      closeSync(reader)
    })
    let text = ''
    const chunk = Buffer.alloc(64 * 1024)
    const read = (): void => {
      try {
        for (let count = readSync(reader, chunk); count > 0; count = readSync(reader, chunk)) {
          text += chunk.toString('latin1', 0, count)
        }
      } catch {} // EAGAIN
    }
    while (!text.includes('listening on')) {
      read()
      await pause()
    }

    for (let i = 0; i < STDOUT_CONNECTIONS; i += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, converse))
    child.kill('SIGTERM')
    while (!isOver) {
      read()
      await pause()
    }
    read()
    const lines = linesIn(text)
    const records = lines.filter(({ msg }) => msg === 'connection').length
    const lost = lines.reduce((sum, { records = 0 }) => sum + Number(records), 0)
    expect(lost).toBeGreaterThan(0)
    expect(records + lost).toBe(STDOUT_CONNECTIONS)
    expect(lines.some(({ msg }) => msg === 'drained')).toBe(true)
  })
})
