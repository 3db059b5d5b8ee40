/** The command as users start it, in a process of its own, and what it logs. */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ProxyConfig } from '../../src/config/input.js'
import { temporaryFolder } from './folder.js'
import type { Mode } from './modes.js'
import { type Exit, type Finished, Program, type ProgramOptions, run } from './programs.js'
import { type AccessRecord, loggedRecordSchema } from './record-fields.js'

/** The folder for the admin sockets of a test's processes, unless their config names another. */
export const runtimeFolder = temporaryFolder()

export const CLI = fileURLToPath(new URL('../../bundle/cli.js', import.meta.url))

/** The fields of a log line that tests read. */
export interface LogLine {
  readonly msg: string
  readonly pid: number
  readonly level: number
  readonly address?: string
  readonly [field: string]: unknown
}

export interface MillraceOptions extends ProgramOptions {
  /** The value of `MILLRACE_NATIVE`. Default: unset, so the addon is used. */
  readonly native?: 'off' | undefined
  /** A program and its arguments that run the command, such as prlimit. */
  readonly through?: readonly string[]
  /** Another path that leads to the command. Default: CLI. */
  readonly script?: string
}

export class Millrace {
  readonly program: Program
  #parsedBytes = 0
  readonly #lines: LogLine[] = []

  constructor(args: readonly string[], options: MillraceOptions = {}) {
    this.program = new Program(...commandOf(args, options))
  }

  /** Everything logged so far. */
  get lines(): readonly LogLine[] {
    const text = this.program.stdoutBytes.subarray(this.#parsedBytes).toString()
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    this.#parsedBytes += Buffer.byteLength(whole)
    this.#lines.push(...whole.split('\n').filter(Boolean).map(parseLine))
    return this.#lines
  }

  /** Resolves with the first wanted line, as soon as it is logged. */
  async logged(isWanted: (line: LogLine) => boolean): Promise<LogLine> {
    return await this.program.seen(() => this.lines.find(isWanted))
  }

  /** Resolves with all records so far, as soon as there are `least`. Each is checked against the list of fields. */
  async records(least: number): Promise<AccessRecord[]> {
    const lines = await this.program.seen(() => {
      const found = this.lines.filter(({ msg }) => msg === 'connection')
      return found.length >= least && found
    })
    return lines.map((line) => {
      const { level, time, pid, hostname, msg, ...record } = loggedRecordSchema.parse(line)
      return record
    })
  }

  /** Sends the signal that drains the process, and waits until it has ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.program.child.kill(signal)
    return await this.program.exited
  }
}

/** Starts the command in this mode with one listener on a free port, and waits until it listens there. */
export async function forwardTo(
  backend: string,
  { splice, native }: Pick<Mode, 'splice' | 'native'>,
): Promise<{ millrace: Millrace; port: number }> {
  const args = ['--listen', '127.0.0.1:0', '--to', backend, '--splice', splice]
  const millrace = new Millrace(args, { native })
  return { millrace, port: await listeningPort(millrace) }
}

/** Starts the command with a config, waits until all its listeners listen, and returns their ports by name. */
export async function startWith(
  folder: string,
  config: ProxyConfig,
  { splice, native }: Pick<Mode, 'splice' | 'native'>,
): Promise<{ millrace: Millrace; ports: Readonly<Record<string, number>>; file: string }> {
  const file = writeConfig(folder, { splice, ...config })
  const millrace = new Millrace(['--config', file], { native })
  const ports: Record<string, number> = {}
  for (const { name = '' } of config.listeners) {
    const line = await millrace.logged(
      ({ msg, listener }) => msg.startsWith('listening on') && listener === name,
    )
    ports[name] = Number(line.address!.split(':').at(-1))
  }
  return { millrace, ports, file }
}

/** Resolves with the port of the first listener, once it listens. */
export async function listeningPort(millrace: Millrace): Promise<number> {
  const { address } = await millrace.logged(({ msg }) => msg.startsWith('listening on'))
  return Number(address!.split(':').at(-1))
}

/** Runs the command to its end. */
export async function runMillrace(args: readonly string[], options: MillraceOptions = {}): Promise<Finished> {
  return await run(...commandOf(args, options))
}

/** Writes a config into `folder` and returns its path. */
export function writeConfig(folder: string, config: ProxyConfig): string {
  const path = join(folder, `${randomUUID()}.json`)
  writeFileSync(path, JSON.stringify(config))
  return path
}

function commandOf(
  args: readonly string[],
  { native, through = [], script = CLI, env, ...rest }: MillraceOptions,
): [name: string, args: readonly string[], options: ProgramOptions] {
  const [name = process.execPath, ...others] = [...through, process.execPath, script, ...args]
  return [name, others, { ...rest, env: { XDG_RUNTIME_DIR: runtimeFolder, ...env, MILLRACE_NATIVE: native } }]
}

function parseLine(line: string): LogLine {
  return JSON.parse(line) as LogLine
}
