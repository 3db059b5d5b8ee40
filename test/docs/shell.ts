/** The reader's shell: one bash for each page, in its own folder. Its jobs go on from one command to the next. */
import { randomUUID } from 'node:crypto'
import { Program, type ProgramOptions } from '../support/programs.js'
import { ROOT } from './pages.js'

export interface Answer {
  readonly code: number
  /** What the command printed on stdout and stderr. */
  readonly output: string
}

export class Shell {
  readonly #options: ProgramOptions
  readonly #bash: Program

  constructor(options: ProgramOptions) {
    this.#options = { ...options, ownGroup: true }
    this.#bash = new Program('bash', ['--noprofile', '--norc'], this.#options)
    this.#bash.child.stdin.write('exec 2>&1\n')
  }

  /** Runs a command to its end. If it starts a job, a job is ready afterwards; if it kills one, that job has ended. */
  async run(command: string): Promise<Answer> {
    const mark = randomUUID()
    const from = this.#bash.stdout.length
    const where = command.startsWith('npm ') ? `cd '${ROOT}' && ` : ''
    const grouped = where === '' ? `{ ${command}\n}` : `(${where}${command}\n)`
    this.#bash.child.stdin.write(`${grouped} </dev/null\ncode=$?\n${aftermathOf(command)}\n`)
    this.#bash.child.stdin.write(`printf '\\n%s %d\\n' ${mark} $code\n`)
    const end = new RegExp(`\\n${mark} (\\d+)\\n`)
    const [match, code] = await this.#bash.seen(() => end.exec(this.#bash.stdout.slice(from)))
    const output = this.#bash.stdout.slice(from).split(match)[0]!
    return { code: Number(code), output }
  }

  /** Runs a command that serves until it prints `text`, then ends it as Ctrl-C does. */
  async runUntil(command: string, text: string): Promise<void> {
    const cwd = command.startsWith('npm ') ? { cwd: ROOT } : {}
    const program = new Program('bash', ['-c', command], { ...this.#options, ...cwd })
    await program.seen(() => `${program.stdout}${program.stderr}`.includes(text))
    process.kill(-program.pid, 'SIGINT')
    await program.exited
  }

  /** Ends the shell and its jobs. */
  async close(): Promise<void> {
    process.kill(-this.#bash.pid, 'SIGKILL')
    await this.#bash.exited
  }
}

/**
 * A reader's machine runs one millrace; a machine with tests may run several. A config may name its own admin address, which the shell
 * then has in its environment.
 */
const NAME_THE_ONE = [
  '[ -n "$MILLRACE_ADMIN" ] || export MILLRACE_ADMIN=unix:$XDG_RUNTIME_DIR/millrace/$!.sock',
  'IFS=: read -r HOST PLACE <<< "$MILLRACE_ADMIN"',
].join('\n')
/** millrace opens its admin address after its listeners. */
const ADMIN_IS_OPEN = '[ -S "$PLACE" ] || { [ "$HOST" != unix ] && (exec 3<>"/dev/tcp/$HOST/$PLACE"); }'

/** A script that waits until the command is ready. A reader needs no wait, because typing takes longer. */
function aftermathOf(command: string): string {
  if (/^kill %\d$/.test(command)) return `wait ${command.slice(5)} 2>/dev/null`
  if (!command.endsWith('&')) return ''
  if (command.startsWith('millrace ')) return `${NAME_THE_ONE}\n${loopUntil(ADMIN_IS_OPEN)}`
  const port = /http\.server (\d+)/.exec(command)?.[1]
  return port === undefined ? '' : loopUntil(`(exec 3<>/dev/tcp/127.0.0.1/${port})`)
}

/** It looks every 10 ms. Without the pause it would take the processor from the program that it waits for. */
function loopUntil(command: string): string {
  return `until { ${command}; } >/dev/null 2>&1; do kill -0 $! || break; sleep 0.01; done`
}
