/**
 * The command: arguments → config → run. A thin shell over the library. It loads only what these arguments
 * need. Only this file reads argv, prints and chooses exit codes: 0 done, 1 failed while running, 2 wrong
 * use, 78 bad config (sysexits.h).
 */
import type { ConfigSource } from '../config/changes/changing-config.js'
import type { StateFile } from '../config/changes/state-file.js'
import { formatPath, type Path } from '../config/checks/path.js'
import type { CheckedConfig } from '../config/load.js'
import { formatProblem, invalidConfig, MillraceError } from '../errors.js'
import { visible } from '../escape.js'
import { activatedSockets } from '../io/listening/activated-sockets.js'
import { type ServiceEnvironment, takeServiceEnvironment } from '../service/environment.js'
import type { Signals } from '../signals.js'
import type { Predecessor } from '../upgrade/predecessor.js'
import { isSuccessor } from '../upgrade/protocol.js'
import { VERSION } from '../version.js'
import type { AddSpec } from './ask.js'
import { type CommandLine, overrideConfig, parseCommandLine } from './command-line.js'
import type { ServeOptions } from './serve.js'

const EXIT_FAILED = 1
const EXIT_CONFIG = 78

export function runCommand(signals: Signals): void {
  act(process.argv.slice(2), signals).catch(fail)
}

async function act(args: readonly string[], signals: Signals): Promise<void> {
  const environment = takeServiceEnvironment(process.env, process.pid)
  const predecessor = isSuccessor() ? await meetPredecessor() : undefined
  // Addresses on the command line may name these sockets.
  await takeSockets(predecessor?.activated ?? environment.sockets)
  const command = parseCommandLine(args, VERSION)
  const isServing = command.kind === 'demo' || command.kind === 'run' || command.kind === 'run-file'
  if (!isServing) await signals.release()
  if (command.kind === 'exit') {
    process.stdout.write(command.stdout)
    process.stderr.write(command.stderr)
    process.exitCode = command.code
  } else if (command.kind === 'check') await check(command.file)
  else if (command.kind === 'import') {
    const { importFile } = await import('./import-file.js')
    process.exitCode = importFile(command)
  } else if (command.kind === 'demo') {
    const { demonstrate } = await import('./demonstrate.js')
    await demonstrate(command.splice, signals, fail)
  } else if (command.kind === 'ask') {
    const { ask } = await import('./ask.js')
    await ask(command.question, command.asking, addSpec)
  } else await serve(command, { signals, environment, predecessor })
}

const addSpec: AddSpec = async (change, spec) => (await import('./read-spec.js')).withSpec(change, spec)

async function meetPredecessor(): Promise<Predecessor> {
  const { Predecessor } = await import('../upgrade/predecessor.js')
  return await Predecessor.meet()
}

async function takeSockets(sockets: ServiceEnvironment['sockets']): Promise<void> {
  if (sockets.length === 0) return
  const { serviceCalls } = await import('../io/choose-engine.js')
  activatedSockets.begin(sockets, serviceCalls)
}

async function check(file: string): Promise<void> {
  activatedSockets.assumeAll()
  const [{ checkConfigFile, fileName }, { checkLists }] = await Promise.all([
    import('../config/load.js'),
    import('../limits/lists/check-lists.js'),
  ])
  const checked = checkConfigFile(file, process.env)
  await checkLists(checked.config)
  await checkState(checked)
  const tests = await runTests(checked)
  const { findWarnings } = await import('../config/warnings/warnings.js')
  for (const problem of checked.problemsOf(findWarnings(checked.input)))
    process.stderr.write(`warning: ${visible(formatProblem(problem))}\n`)
  process.stdout.write(`${fileName(file)} is good${tests}\n`)
}

async function checkState({ config, problemsOf }: CheckedConfig): Promise<void> {
  if (config.state === undefined) return
  const { stateProblem } = await import('../config/changes/state-file.js')
  const message = stateProblem(config.state)
  if (message !== undefined) throw invalidConfig(problemsOf([{ path: ['state'], message, about: 'value' }]))
}

/** Throws with every test of the config that fails. Returns what to say about them. */
async function runTests({ config, input, problemsOf }: CheckedConfig): Promise<string> {
  const { length } = config.tests
  if (length === 0) return ''
  const { failedTests } = await import('../trial/trials.js')
  const findings = await failedTests(config, input, (path) => placeOf(path, problemsOf))
  if (findings.length > 0) throw invalidConfig(problemsOf(findings))
  return length === 1 ? ', and its test passes' : `, and its ${length} tests pass`
}

function placeOf(path: Path, problemsOf: CheckedConfig['problemsOf']): string {
  const [problem] = problemsOf([{ path, message: '', about: 'value' }])
  return `${formatPath(path)} (line ${problem!.line})`
}

type Served = Extract<CommandLine, { kind: 'run' | 'run-file' }>
type ProcessStart = Pick<ServeOptions, 'signals' | 'environment' | 'predecessor'>

/** A process that takes the place of another one tells it why it cannot. */
async function serve(command: Served, start: ProcessStart): Promise<void> {
  try {
    await serveCommand(command, start)
  } catch (error) {
    await start.predecessor?.fail(error)
    throw error
  }
}

/** A bad config ends the process before anything of a proxy is loaded. */
async function serveCommand(command: Served, start: ProcessStart): Promise<void> {
  const source = command.kind === 'run' ? NO_FILE : await sourceOf(command, start.predecessor !== undefined)
  const base = command.kind === 'run' ? command.base : source.read()
  const { ChangingConfig } = await import('../config/changes/changing-config.js')
  const state = base.config.state === undefined ? undefined : await openState(base.config.state)
  const changing = new ChangingConfig(base, source, { state, changes: start.predecessor?.changes })
  if (process.pid === 1) (await import('../workers/reap-orphans.js')).reapOrphans()
  const { serveConfig } = await import('./serve.js')
  await serveConfig({ ...start, changing, pidFile: command.pidFile })
}

async function openState(path: string): Promise<StateFile> {
  const { StateFile } = await import('../config/changes/state-file.js')
  return new StateFile(path)
}

/** `isSuccessor`: the process before this one has read standard input, if that has the config. */
async function sourceOf(
  { file, overrides }: Extract<Served, { kind: 'run-file' }>,
  isSuccessor: boolean,
): Promise<ConfigSource> {
  const { readConfigFile, spendStdin } = await import('../config/load.js')
  if (isSuccessor) spendStdin()
  return {
    read: () => readConfigFile(file, process.env),
    finish: (config) => overrideConfig(config, overrides),
  }
}

const NO_FILE: ConfigSource = { read: noFile, finish: (config) => config }

function noFile(): never {
  throw new MillraceError(
    'wrong-state',
    'millrace was started without a config file: there is nothing to reload',
  )
}

function fail(error: unknown): void {
  if (!(error instanceof MillraceError)) {
    console.error(error)
    process.exit(EXIT_FAILED)
  }
  const lines = error.problems.length > 0 ? error.problems.map(formatProblem) : [`millrace: ${error.message}`]
  process.stderr.write(`${lines.map(visible).join('\n')}\n`)
  process.exit(error.source === 'config' ? EXIT_CONFIG : EXIT_FAILED)
}
