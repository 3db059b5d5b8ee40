/**
 * Programs that tests run. They are found on PATH, and ended by their own pid. No program outlives the test file that
 * started it, and no wait for one is longer than its test.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { afterAll } from 'vitest'
import { pause } from './wait.js'

/** Daemons are in folders that are not in the PATH of ordinary users. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
/** So many ports for each test file that runs at a time. They are below the ephemeral ports, which clients use. */
const PORTS = 4500
const FIRST_PORT = 12_000 + (Number(process.env.VITEST_POOL_ID ?? 0) % 4) * PORTS
const LISTENING_STATE = '0A'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ProgramOptions {
  readonly cwd?: string
  /** Added to the environment of the tests. Undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Whether the program gets its own process group, as from a shell or a terminal. */
  readonly ownGroup?: boolean
  /** The whole stdin, which is then closed. Without it stdin stays open. */
  readonly input?: string | Buffer
}

export interface Finished extends Exit {
  readonly stdout: string
  readonly stderr: string
}

const running = new Set<Program>()

afterAll(async () => {
  await Promise.all([...running].map((program) => program.kill()))
})
process.on('exit', () => {
  for (const { child } of running) child.kill('SIGKILL')
})

/** Kills the programs that work in this folder. */
export async function endProgramsIn(folder: string): Promise<void> {
  const there = [...running].filter(({ cwd }) => cwd === folder)
  await Promise.all(there.map((program) => program.kill()))
}

export class Program {
  readonly child: ChildProcessWithoutNullStreams
  /** Undefined: the folder of the tests. */
  readonly cwd: string | undefined
  /** Resolves when the program has ended and all its output has come. */
  readonly exited: Promise<Exit>
  readonly #stdout: Buffer[] = []
  readonly #stderr: Buffer[] = []
  readonly #watchers = new Set<() => void>()
  /** The number of bytes on stdout so far. */
  stdoutLength = 0
  #exit: Exit | undefined

  constructor(name: string, args: readonly string[], options: ProgramOptions = {}) {
    const { cwd, env, ownGroup, input } = options
    this.cwd = cwd
    this.child = spawn(pathOf(name) ?? name, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
      detached: ownGroup ?? false,
    })
    running.add(this)
    this.child.stdin.on('error', () => {})
    if (input !== undefined) this.child.stdin.end(input)
    this.child.stdout.on('data', (chunk: Buffer) => {
      this.stdoutLength += chunk.length
    })
    this.#collect(this.child.stdout, this.#stdout)
    this.#collect(this.child.stderr, this.#stderr)
    this.exited = new Promise((resolve, reject) => {
      this.child.once('error', reject)
      this.child.once('close', (code, signal) => {
        running.delete(this)
        this.#exit = { code, signal }
        this.#tellWatchers()
        resolve(this.#exit)
      })
    })
  }

  get pid(): number {
    return this.child.pid!
  }

  get stdoutBytes(): Buffer {
    return Buffer.concat(this.#stdout)
  }

  get stdout(): string {
    return this.stdoutBytes.toString()
  }

  get stderr(): string {
    return Buffer.concat(this.#stderr).toString()
  }

  /** Resolves with what `look` finds, as soon as it finds it. Rejects if the program ends before that. */
  async seen<Found>(look: () => Found | null | undefined | false): Promise<Found> {
    return await new Promise((resolve, reject) => {
      const watch = (): void => {
        const found = look()
        if (found !== null && found !== undefined && found !== false) resolve(found)
        else if (this.#exit !== undefined) reject(new Error(this.#describeEnd()))
        else return
        this.#watchers.delete(watch)
      }
      this.#watchers.add(watch)
      watch()
    })
  }

  /** Kills the program at once, even if it is stopped. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exited
  }

  #collect(stream: NodeJS.ReadableStream, chunks: Buffer[]): void {
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      this.#tellWatchers()
    })
  }

  #tellWatchers(): void {
    for (const watch of [...this.#watchers]) watch()
  }

  #describeEnd(): string {
    const how = this.#exit?.signal ?? `code ${this.#exit?.code}`
    return `${this.child.spawnargs.join(' ')} ended with ${how}:\n${this.stdout}${this.stderr}`
  }
}

/** Runs a program to its end. */
export async function run(
  name: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Finished> {
  const program = new Program(name, args, { input: '', ...options })
  const exit = await program.exited
  return { ...exit, stdout: program.stdout, stderr: program.stderr }
}

/** Whether one of these programs is missing. The test is then skipped with a reason. In CI that is a failure. */
export function areMissing(...names: readonly string[]): boolean {
  const missing = names.filter((name) => pathOf(name) === undefined)
  return missing.length > 0 && cannotTest(`not installed: ${missing.join(', ')}`)
}

/** Prints why something is not tested here, and returns true. In CI it throws, because everything must be tested. */
export function cannotTest(reason: string): true {
  if (process.env.CI === 'true') throw new Error(reason)
  console.log(`skipped: ${reason}`)
  return true
}

let lastPort = FIRST_PORT + (process.pid % PORTS)

/** A free loopback port, for programs that cannot choose one themselves. No port is given twice. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORTS; tries++) {
    // Another call may take the next port while this one waits.
    const port = FIRST_PORT + ((lastPort + 1 - FIRST_PORT) % PORTS)
    lastPort = port
    if (await isFree(port)) return port
  }
  throw new Error('no free port')
}

/** Resolves when the program listens on `port`. It reads /proc, because a connect would be a client to the program. */
export async function listeningOn(port: number, program: Program): Promise<void> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  while (!isListening(suffix, program.pid)) {
    if (program.child.exitCode !== null) throw new Error(`ended: ${program.stdout}${program.stderr}`)
    await pause()
  }
}

/** Whether a socket listens on this port in the network namespace of the process. */
function isListening(suffix: string, pid: number): boolean {
  const sockets = [`/proc/${pid}/net/tcp`, `/proc/${pid}/net/tcp6`].flatMap((file) =>
    existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(1) : [],
  )
  return sockets.some((socket) => {
    const [, local, , state] = socket.trim().split(/\s+/)
    return state === LISTENING_STATE && local?.endsWith(suffix)
  })
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })
}

function pathOf(name: string): string | undefined {
  if (name.includes('/')) return name
  return FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path))
}
