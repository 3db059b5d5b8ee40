/**
 * The command: arguments → config → run. A thin shell over the library. Only this file reads argv, prints and
 * chooses exit codes: 0 done, 1 failed while running, 2 wrong use, 78 bad config (sysexits.h).
 */
import cluster from 'node:cluster'
import { checkConfigFile, loadConfigFile } from '../config/load.js'
import type { Config } from '../config/schema.js'
import { validateConfig } from '../config/validate.js'
import type { SpliceMode } from '../defaults.js'
import { formatProblem, MillraceError } from '../errors.js'
import { visible } from '../escape.js'
import { checkLists } from '../limits/lists/check-lists.js'
import { showLiveLine, summary } from '../observe/live-line.js'
import { RunningProxy } from '../proxy/running-proxy.js'
import type { Signals } from '../signals.js'
import { VERSION } from '../version.js'
import { ownProcess } from '../workers/own-process.js'
import { runWorker } from '../workers/worker.js'
import { ask } from './ask.js'
import { overrideConfig, parseCommandLine } from './command-line.js'
import { DEMO_ADDRESS, demoConfig, demoGreeting, startDemoBackend } from './demo.js'
import { serve } from './serve.js'

const EXIT_FAILED = 1
const EXIT_CONFIG = 78

export function runCommand(signals: Signals): void {
  if (cluster.isWorker) runWorker(ownProcess(signals))
  else act(process.argv.slice(2), signals).catch(fail)
}

async function act(args: readonly string[], signals: Signals): Promise<void> {
  const command = parseCommandLine(args, VERSION)
  const isServing = command.kind === 'demo' || command.kind === 'run' || command.kind === 'run-file'
  if (!isServing) await signals.release()
  if (command.kind === 'exit') {
    process.stdout.write(command.stdout)
    process.stderr.write(command.stderr)
    process.exitCode = command.code
  } else if (command.kind === 'check') {
    await checkLists(checkConfigFile(command.file, process.env))
    process.stdout.write(`${command.file} is good\n`)
  } else if (command.kind === 'demo') await demonstrate(command.splice, signals)
  else if (command.kind === 'ask') await ask(command.question, command.asking)
  else if (command.kind === 'run') await serve(command.config, noFile, signals)
  else {
    const load = () => overrideConfig(loadConfigFile(command.file, process.env), command.overrides)
    await serve(load(), load, signals)
  }
}

async function demonstrate(splice: SpliceMode, signals: Signals): Promise<void> {
  const backend = await startDemoBackend()
  const proxy = await startDemoProxy(
    (address) => new RunningProxy(validateConfig(demoConfig(backend, splice, address)), {}),
  )
  const { listeners, notSplicing } = proxy.status()
  const hideLiveLine = showLiveLine(() => proxy.status())
  onStopSignal(signals, async () => {
    hideLiveLine()
    backend.close()
    backend.closeIdleConnections()
    await proxy.drain()
    process.stdout.write(`${summary(proxy.status())}\n`)
  })
  process.stdout.write(`${demoGreeting(listeners[0]?.address ?? '', notSplicing)}\n`)
}

async function startDemoProxy(create: (address: string) => RunningProxy): Promise<RunningProxy> {
  const usual = create(DEMO_ADDRESS)
  try {
    await usual.start()
    return usual
  } catch {
    const elsewhere = create('127.0.0.1:0')
    await elsewhere.start()
    return elsewhere
  }
}

/**
 * The first signal drains and exits with 0. The second exits at once. SIGHUP means that the terminal is gone.
 */
function onStopSignal(signals: Signals, drain: () => Promise<void>): void {
  let isDraining = false
  signals.heed((signal) => {
    if (signal === 'SIGUSR2') return
    if (isDraining) process.exit(EXIT_FAILED)
    isDraining = true
    drain().then(() => process.exit(0), fail)
  })
}

function noFile(): Config {
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
