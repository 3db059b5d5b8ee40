/**
 * Arguments → what to do, as a value. Pure: it reads no file and no environment, prints nothing and never
 * ends the process. Only `run.ts` does those things.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { Base } from '../config/changes/combine.js'
import { addressKey } from '../config/checks/listener-addresses.js'
import type { Config } from '../config/schema.js'
import { listenerAddressField, portedAddressField, workersField } from '../config/schemas/fields.js'
import type { LogLevel } from '../config/schemas/log-schema.js'
import { LOG_LEVELS } from '../config/schemas/log-schema.js'
import { validateConfig } from '../config/validate.js'
import { SPLICE_MODES, type SpliceMode } from '../defaults.js'
import { SOURCES, type Source } from '../import/sources.js'
import { defineCompletion } from './completion/completion.js'
import { readBy } from './flags.js'
import { defineHelp } from './help.js'
import { givenOptions, makeStrict, refuseBefore, refuseUnknown } from './strict.js'
import type { Asking, Question } from './verbs/question.js'
import { defineVerbs } from './verbs/verbs.js'

export type CommandLine =
  /** Serve this config, made of flags. */
  | { readonly kind: 'run'; readonly base: Base; readonly pidFile: string | undefined }
  /** Serve the config in `file`. `overrideConfig` applies after each load. */
  | {
      readonly kind: 'run-file'
      readonly file: string
      readonly overrides: Overrides
      readonly pidFile: string | undefined
    }
  /** Print every problem of `file`. */
  | { readonly kind: 'check'; readonly file: string }
  /** Write the config of another proxy as one of ours. */
  | {
      readonly kind: 'import'
      readonly file: string
      readonly from: Source | undefined
      readonly out: string | undefined
    }
  /** Ask a running millrace. */
  | { readonly kind: 'ask'; readonly question: Question; readonly asking: Asking }
  /** No config at all: serve the demonstration. */
  | { readonly kind: 'demo'; readonly splice: SpliceMode }
  /** Print and exit: help, version and completion with 0, wrong use with 2. */
  | { readonly kind: 'exit'; readonly code: 0 | 2; readonly stdout: string; readonly stderr: string }

/** What flags change in the config of a file. Undefined: the file's value stays. */
export interface Overrides {
  readonly splice: SpliceMode | undefined
  readonly workers: number | 'auto' | undefined
  readonly logLevel: LogLevel | undefined
  /** False with `--no-access-log`. */
  readonly accessLog: false | undefined
}

type Decided = (commandLine: CommandLine) => void

interface Flags {
  readonly listen?: string
  readonly to?: readonly string[]
  readonly config?: string
  readonly splice?: SpliceMode
  readonly workers?: number | 'auto'
  readonly logLevel?: LogLevel
  readonly accessLog: boolean
  readonly pidFile?: string
  readonly version?: true
}

const HELP_WIDTH = 100
const FLAGS_CLUSTER = 'default'
/** The meaning of each exit code, for the help and the man page. */
export const EXIT_CODES = {
  0: 'done',
  1: 'failed while running',
  2: 'wrong use',
  78: 'bad config',
} as const
const EXAMPLES = `
Examples:
  millrace                                                 a demonstration on 127.0.0.1
  millrace --listen 127.0.0.1:7000 --to 127.0.0.1:9000
  millrace --config millrace.yaml
  millrace check millrace.yaml
  millrace top                                             a live screen of the running millrace

Exit codes: ${Object.entries(EXIT_CODES)
  .map(([code, meaning]) => `${code} ${meaning}`)
  .join(', ')}.`

/** `args` are the arguments after the program's name. */
export function parseCommandLine(args: readonly string[], version: string): CommandLine {
  let stdout = ''
  let stderr = ''
  let decided: CommandLine | undefined
  const program = new Command('millrace')
    .exitOverride()
    // The terminal is not asked for its width or colors, so the text is the same wherever it goes.
    .configureOutput({
      writeOut: (text) => {
        stdout += text
      },
      writeErr: (text) => {
        stderr += text
      },
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
  define(program, version, (commandLine) => {
    decided = commandLine
  })
  try {
    program.parse(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return { kind: 'exit', code: error.exitCode === 0 ? 0 : 2, stdout, stderr }
  }
  // Whatever parses without an error has run an action.
  return decided!
}

/** Every command and option, as `--help` shows them. The man page and the completions of shells are made of it. */
export function describeCommandLine(version: string): Command {
  const program = new Command('millrace')
  define(program, version, () => {})
  return program
}

/** The config of a file, with the flags applied. */
export function overrideConfig(config: Config, { splice, workers, logLevel, accessLog }: Overrides): Config {
  return Object.freeze({
    ...config,
    splice: splice ?? config.splice,
    workers: workers ?? config.workers,
    log: Object.freeze({
      ...config.log,
      level: logLevel ?? config.log.level,
      access: accessLog ?? config.log.access,
    }),
  })
}

function define(program: Command, version: string, decide: Decided): void {
  program
    .description('A TCP proxy and load balancer that moves bytes inside the kernel.')
    .enablePositionalOptions()
    .addHelpText('after', EXAMPLES)
    .hook('preSubcommand', refuseBefore)
    .option('-V, --version', 'print the version and exit')
    .option(
      '--listen <address>',
      'accept clients at IP:PORT, [IPv6]:PORT, localhost:PORT or unix:/path',
      listenFlag,
    )
    .option('--to <addresses>', 'forward them to these backends in turn: HOST:PORT[,HOST:PORT…]', toFlag)
    .addOption(
      new Option(
        '--config <file>',
        'read the config from this YAML or JSON file, - for standard input',
      ).conflicts(['listen', 'to']),
    )
    .addOption(
      new Option(
        '--splice <mode>',
        'auto copies small messages and splices bulk data; on splices, off copies (default: auto)',
      ).choices(SPLICE_MODES),
    )
    .option(
      '--workers <count>',
      'how many processes serve, 1 to 256, or auto for one per CPU core (default: 1)',
      readBy(workersField),
    )
    .addOption(new Option('--log-level <level>', 'lowest level to log (default: info)').choices(LOG_LEVELS))
    .option('--no-access-log', 'write no record for each connection')
    .option('--pid-file <file>', 'write the id of the process that serves to this file')
    .allowExcessArguments()
    .action((flags: Flags) =>
      decide(flags.version ? tellVersion(program, version) : decideRun(program, flags)),
    )
  defineCheck(program, decide)
  defineImport(program, decide)
  defineVerbs(program, (question, asking) => decide({ kind: 'ask', question, asking }))
  defineCompletion(program, (stdout) => decide({ kind: 'exit', code: 0, stdout, stderr: '' }))
  defineHelp(program)
  makeStrict(program)
}

function defineCheck(program: Command, decide: Decided): void {
  const check = program
    .command('check')
    .description('print every problem of a config file; exit with 0 if there is none, else with 78')
    .allowExcessArguments(false)
    .argument('[file]', 'the YAML or JSON file, or - for standard input')
    .option('--config <file>', 'the same')
    .action((argument: string | undefined, { config }: Pick<Flags, 'config'>) => {
      const file = argument ?? config
      if (file === undefined) return check.error('error: check needs a file, such as: millrace check FILE')
      if (argument !== undefined && config !== undefined)
        return check.error('error: check takes one file: write it once, with or without --config')
      decide({ kind: 'check', file })
    })
}

function defineImport(program: Command, decide: Decided): void {
  program
    .command('import <file>')
    .description('write the config of HAProxy (mode tcp) or nginx (stream) as one of millrace')
    .allowExcessArguments(false)
    .addOption(
      new Option('--from <proxy>', 'whose config it is (default: the content decides)').choices(SOURCES),
    )
    .option('--out <file>', 'write the config to this file, not to stdout')
    .action((file: string, { from, out }: { from?: Source; out?: string }) =>
      decide({ kind: 'import', file, from, out }),
    )
}

function tellVersion(program: Command, version: string): CommandLine {
  const other = givenOptions(program).find(({ long }) => long !== '--version')?.long ?? program.args[0]
  if (other !== undefined) return program.error(`error: --version stands alone: remove ${other}`)
  return { kind: 'exit', code: 0, stdout: `${version}\n`, stderr: '' }
}

function decideRun(program: Command, flags: Flags): CommandLine {
  const { listen, to, config, splice, workers, logLevel, pidFile } = flags
  const accessLog = flags.accessLog ? undefined : false
  const [command] = program.args
  if (command !== undefined) return refuseUnknown(program, command)
  if (config !== undefined) {
    return { kind: 'run-file', file: config, overrides: { splice, workers, logLevel, accessLog }, pidFile }
  }
  if (listen !== undefined && to !== undefined) {
    const listeners = [{ address: listen, cluster: FLAGS_CLUSTER }]
    const clusters = { [FLAGS_CLUSTER]: { backends: to } }
    const log = { level: logLevel, access: accessLog }
    const input = { splice, workers, listeners, clusters, log }
    return { kind: 'run', base: { input, config: validateConfig(input, 'argv') }, pidFile }
  }
  if (listen !== undefined) return program.error('error: --listen needs --to, such as --to 127.0.0.1:9000')
  if (to !== undefined) return program.error('error: --to needs --listen, such as --listen 127.0.0.1:7000')
  if ([workers, logLevel, accessLog, pidFile].some((flag) => flag !== undefined)) {
    return program.error(
      'error: the demonstration takes only --splice: add --config FILE, or --listen and --to',
    )
  }
  return { kind: 'demo', splice: splice ?? 'auto' }
}

function listenFlag(text: string): string {
  readBy(listenerAddressField)(text)
  return text
}

function toFlag(text: string): readonly string[] {
  const backends = text.split(',')
  const keys = new Set(backends.map(readBy(portedAddressField)).map(addressKey))
  if (keys.size < backends.length)
    throw new InvalidArgumentError('Two backends have the same address: remove one.')
  return backends
}
