/**
 * The log if its target takes nothing, goes away or is exchanged. Nobody waits, memory has a bound, and every written
 * line is whole, in one place, once.
 */
import { spawn } from 'node:child_process'
import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { jsonLine } from '../../../src/observe/log/json-line.js'
import { openFile, openFileLater } from '../../../src/observe/log/log-target.js'
import { Sink } from '../../../src/observe/log/sink.js'
import { openedSince, openFds } from '../../support/fds.js'
import { temporaryFolder } from '../../support/folder.js'
import { areMissing, run } from '../../support/programs.js'
import { turns, until } from '../../support/wait.js'

const folder = temporaryFolder()
const MOST_RECORD_BYTES = 4 * 1024 * 1024

interface Line {
  readonly i?: number
  readonly level: number
  readonly records?: number
  readonly msg: string
}

const lineOf = (i: number, filler = ''): string => jsonLine('info', { i, filler }, 'line')

function parse(text: string): Line[] {
  if (text === '') return []
  expect(text.endsWith('\n')).toBe(true)
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

const numbersOf = (lines: readonly Line[]): number[] => lines.flatMap(({ i }) => (i === undefined ? [] : [i]))

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** A named pipe with its reading end, which reads only when a test says so. */
class Fifo {
  readonly path: string
  readonly #fd: number
  #text = ''

  static async make(name: string): Promise<Fifo> {
    const path = join(folder, name)
    expect(await run('mkfifo', [path])).toMatchObject({ code: 0 })
    return new Fifo(path)
  }

  private constructor(path: string) {
    this.path = path
    this.#fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    onTestFinished(() => this.close())
  }

  close(): void {
    closeSync(this.#fd)
  }

  /** Reads everything that is in the pipe; returns all that has come so far. */
  read(): string {
    const chunk = Buffer.alloc(64 * 1024)
    for (;;) {
      try {
        const count = readSync(this.#fd, chunk)
        if (count === 0) return this.#text
        this.#text += chunk.toString('latin1', 0, count)
      } catch {
        return this.#text // EAGAIN
      }
    }
  }

  /** Waits for the first byte and takes it. By then the writer has written as much as fits. */
  async begun(): Promise<void> {
    const byte = Buffer.alloc(1)
    for (; this.#text === ''; await turns(1)) {
      try {
        this.#text = byte.toString('latin1', 0, readSync(this.#fd, byte))
      } catch {} // EAGAIN
    }
  }

  async readUntil(isEnough: (text: string) => boolean): Promise<string> {
    while (!isEnough(this.read())) await turns(1)
    return this.#text
  }
}

describe.skipIf(areMissing('mkfifo'))('a log to a pipe that nobody reads', () => {
  it('a log to a pipe that nobody reads loses lines without waiting, and later says how many', async () => {
    const fifo = await Fifo.make('stuck')
    const sink = new Sink(openFile(fifo.path))
    const filler = 'x'.repeat(500)
    const ticks: number[] = []
    const ticking = setInterval(() => ticks.push(performance.now()), 1)
    let written = 0
    let lost = 0
    while (lost < 2000) {
      for (let n = 0; n < 100; n++) {
        if (sink.write(lineOf(written + lost, filler), 'record')) written++
        else lost++
      }
      await turns(1)
    }
    // Timers go on although the pipe and the sink are full.
    const ticked = ticks.length
    while (ticks.length < ticked + 3) await turns(1)
    clearInterval(ticking)
    const mostHeld = MOST_RECORD_BYTES + 64 * 1024
    expect(written).toBeLessThan(mostHeld / 500)
    // Lines that are no records still have room.
    expect(sink.write(jsonLine('warn', { i: -1 }, 'matters'), 'other')).toBe(true)

    const text = await fifo.readUntil((all) => all.includes('lines are lost'))
    const lines = parse(await fifo.readUntil((all) => all.endsWith('\n') && all.length >= text.length))
    const records = numbersOf(lines).filter((i) => i >= 0)
    expect(records).toHaveLength(written)
    expect(records).toEqual([...records].sort((a, b) => a - b))
    expect(lines.filter(({ msg }) => msg === 'matters')).toHaveLength(1)
    const tellings = lines.filter(({ msg }) => msg.includes('lines are lost'))
    expect(tellings.map(({ level, records }) => ({ level, records }))).toEqual([{ level: 40, records: lost }])
    await sink.close()
  })

  it('a log that moves from a full pipe to a file splits no line between them', async () => {
    const fifo = await Fifo.make('half')
    const sink = new Sink(openFile(fifo.path))
    for (const i of [0, 1, 2]) expect(sink.write(lineOf(i, 'y'.repeat(50_000)), 'record')).toBe(true)
    // The pipe is full in the middle of the second line.
    await fifo.begun()
    const file = join(folder, 'rest.log')
    sink.switchTo(await openFileLater(file))
    await sink.close()
    const text = fifo.read()
    const whole = numbersOf(parse(text.slice(0, text.lastIndexOf('\n') + 1)))
    expect([...whole, ...numbersOf(parse(readFileSync(file, 'utf8')))]).toEqual([0, 1, 2])
  })

  it('a log to a pipe that nobody reads does not delay the exit of the process', async () => {
    const fifo = await Fifo.make('exit')
    const writer = openSync(fifo.path, constants.O_WRONLY | constants.O_NONBLOCK)
    const child = spawn(process.execPath, [logScript(5000)], { stdio: ['ignore', writer, 'inherit'] })
    closeSync(writer)
    const code = await new Promise((resolve) => child.once('exit', resolve))
    expect(code).toBe(0)
    const text = fifo.read()
    expect(numbersOf(parse(text.slice(0, text.lastIndexOf('\n') + 1)))[0]).toBe(0)
  })

  it('several processes write whole lines to one pipe at the same time', async () => {
    const fifo = await Fifo.make('shared')
    const writer = openSync(fifo.path, constants.O_WRONLY | constants.O_NONBLOCK)
    const script = logScript(1500)
    const children = upTo(3).map(() =>
      spawn(process.execPath, [script], { stdio: ['ignore', writer, 'inherit'] }),
    )
    closeSync(writer)
    let running = children.length
    for (const child of children) child.once('exit', () => running--)
    await fifo.readUntil(() => running === 0)
    const numbers = numbersOf(parse(fifo.read())).sort((a, b) => a - b)
    expect(numbers).toEqual(upTo(1500).flatMap((i) => [i, i, i]))
  })
})

let scripts = 0

/** Writes a program that logs `count` lines of 600 bytes and exits at once; returns its path. */
function logScript(count: number): string {
  const path = join(folder, `log-${scripts++}.mjs`)
  const module = new URL('../../../dist/observe/log/log.js', import.meta.url).href
  writeFileSync(
    path,
    `import { openLog } from ${JSON.stringify(module)}
     const { log } = openLog({ level: 'info' })
     for (let i = 0; i < ${count}; i++) log.info({ i, filler: 'z'.repeat(500) }, 'line')
     process.exit(0)`,
  )
  return path
}

it('a log to a socket that nobody reads does not delay the exit of the process', async () => {
  // Node's pipe to a child is a pair of sockets. Node reads nothing from it before there is a listener.
  const child = spawn(process.execPath, [logScript(5000)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  const code = new Promise((resolve) =>
    child.once('exit', (code) => {
      child.stdout.on('data', (chunk) => {
        text += chunk
      })
      child.stdout.once('end', () => resolve(code))
    }),
  )
  expect(await code).toBe(0)
  const numbers = numbersOf(parse(text.slice(0, text.lastIndexOf('\n') + 1)))
  expect(numbers.length).toBeGreaterThan(0)
  expect(numbers).toEqual(upTo(numbers.length))
})

describe('a log file', () => {
  it('a log file that is moved and reopened while it is written loses, splits and repeats no line', async () => {
    const path = join(folder, 'rotated.log')
    const sink = new Sink(openFile(path))
    const count = 20_000
    const files = () => readdirSync(folder).filter((name) => name.startsWith('rotated.log'))
    const bytesIn = (names: string[]) =>
      names.reduce((bytes, name) => bytes + statSync(join(folder, name)).size, 0)
    let written = 0
    for (let i = 0; i < count; i++) {
      expect(sink.write(lineOf(i), 'record')).toBe(true)
      if (i % 500 !== 0) continue
      if (i % 1500 === 0) renameSync(path, `${path}.${i}`)
      sink.switchTo(await openFileLater(path))
      // Waits until some of the new lines are written, to either file.
      const before = written
      await until(() => bytesIn(files()) > before)
      written = bytesIn(files())
    }
    await sink.close()
    expect(files().length).toBeGreaterThan(10)
    const numbers = files().flatMap((name) => {
      return numbersOf(parse(readFileSync(join(folder, name), 'utf8')))
    })
    expect(numbers.sort((a, b) => a - b)).toEqual(upTo(count))
  })

  it('a log file is appended to, and other users cannot read it', async () => {
    const path = join(folder, 'appended.log')
    for (const i of [0, 1]) {
      const sink = new Sink(openFile(path))
      sink.write(lineOf(i), 'other')
      await sink.close()
    }
    expect(numbersOf(parse(readFileSync(path, 'utf8')))).toEqual([0, 1])
    expect(statSync(path).mode & 0o007).toBe(0)
  })

  it('a log file has every line in order once it is flushed, and takes more', async () => {
    const path = join(folder, 'flushed.log')
    const sink = new Sink(openFile(path))
    for (let i = 0; i < 2000; i++) sink.write(lineOf(i), 'record')
    await Promise.all([sink.flush(), sink.flush()])
    expect(numbersOf(parse(readFileSync(path, 'utf8')))).toEqual(upTo(2000))
    sink.write(lineOf(2000), 'record')
    await Promise.all([sink.flush(), sink.close()])
    expect(numbersOf(parse(readFileSync(path, 'utf8')))).toEqual(upTo(2001))
  })

  it('a closed log leaves no file open, even if it was to be reopened', async () => {
    const before = openFds()
    const path = join(folder, 'closed.log')
    const sink = new Sink(openFile(path))
    sink.write(lineOf(0), 'other')
    sink.switchTo(await openFileLater(path))
    sink.switchTo(await openFileLater(path))
    await Promise.all([sink.close(), sink.close()])
    sink.switchTo(await openFileLater(path))
    expect(sink.write(lineOf(1), 'other')).toBe(false)
    expect(openedSince(before)).toEqual([])
    expect(numbersOf(parse(readFileSync(path, 'utf8')))).toEqual([0])
  })
})

it('a full disk loses lines of the log, and the log can still be closed', async () => {
  const sink = new Sink(openFile('/dev/full'))
  const most = MOST_RECORD_BYTES / 500
  for (let i = 0; i < most; i++) sink.write(lineOf(i, 'x'.repeat(500)), 'record')
  expect(sink.write(lineOf(0, 'x'.repeat(500)), 'record')).toBe(false)
  await sink.close()
})

describe('the count of records', () => {
  it('a record counts as written when the reader has taken it, not before', async () => {
    const fifo = await Fifo.make('counted')
    const sink = new Sink(openFile(fifo.path))
    const tally = { written: 0, dropped: 0 }
    for (let i = 0; i < 1000; i++) sink.write(lineOf(i, 'x'.repeat(200)), 'record', tally)
    await until(() => tally.written > 0)
    await turns(50)
    // The pipe is full, and nobody reads.
    expect(tally.written).toBeLessThan(1000)
    await until(() => {
      fifo.read()
      return tally.written === 1000
    })
    expect(tally.dropped).toBe(0)
    await sink.close()
  })

  it('records that are never written count as dropped when the log is closed', async () => {
    const fifo = await Fifo.make('unread')
    const sink = new Sink(openFile(fifo.path))
    const tally = { written: 0, dropped: 0 }
    for (let i = 0; i < 1000; i++) sink.write(lineOf(i, 'x'.repeat(200)), 'record', tally)
    await sink.close()
    expect(tally.written).toBeGreaterThan(0)
    expect(tally.dropped).toBeGreaterThan(0)
    expect(tally.written + tally.dropped).toBe(1000)
  })
})
