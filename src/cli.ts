#!/usr/bin/env -S node --max-semi-space-size=1
/**
 * The command: arguments → config → run. A thin shell over the library; it alone reads argv, prints, handles
 * signals and chooses exit codes: 0 done, 1 failed while running, 2 wrong use, 78 bad config (sysexits.h).
 */
import cluster from 'node:cluster'
import { ask } from './admin/console/ask.js'
import { overrideConfig, parseCommandLine } from './config/command-line.js'
import type { SpliceMode } from './config/input.js'
import { checkConfigFile, loadConfigFile } from './config/load.js'
import type { Config } from './config/schema.js'
import { validateConfig } from './config/validate.js'
import { DEMO_ADDRESS, demoConfig, demoGreeting, startDemoBackend } from './demo.js'
import { formatProblem, MillraceError } from './errors.js'
import { visible } from './escape.js'
import { showLiveLine, summary } from './observe/live-line.js'
import type { Proxy } from './proxy/proxy.js'
import { RunningProxy } from './proxy/running-proxy.js'
import { serve } from './serve.js'
import { VERSION } from './version.js'
import { runWorker } from './workers/worker.js'

const EXIT_FAILED = 1
const EXIT_CONFIG = 78

// Node opens its inspector on SIGUSR1 unless somebody listens: not on a front door.
process.on('SIGUSR1', () => {})
if (cluster.isWorker) runWorker()
else act(process.argv.slice(2)).catch(fail)

async function act(args: readonly string[]): Promise<void> {
  const command = parseCommandLine(args, VERSION)
  if (command.kind === 'exit') {
    process.stdout.write(command.stdout)
    process.stderr.write(command.stderr)
    process.exitCode = command.code
  } else if (command.kind === 'check') {
    checkConfigFile(command.file, process.env)
    process.stdout.write(`${command.file} is good\n`)
  } else if (command.kind === 'demo') await demonstrate(command.splice)
  else if (command.kind === 'ask') await ask(command.question, command.asking)
  else if (command.kind === 'run') await serve(command.config, noFile)
  else {
    const load = () => overrideConfig(loadConfigFile(command.file, process.env), command.overrides)
    await serve(load(), load)
  }
}

async function demonstrate(splice: SpliceMode): Promise<void> {
  const backend = await startDemoBackend()
  const proxy = await startDemoProxy(
    (address) => new RunningProxy(validateConfig(demoConfig(backend, splice, address)), {}),
  )
  const { listeners, notSplicing } = proxy.status()
  const hideLiveLine = showLiveLine(() => proxy.status())
  onStopSignal(async () => {
    hideLiveLine()
    backend.close()
    backend.closeIdleConnections()
    await proxy.drain()
    process.stdout.write(`${summary(proxy.status())}\n`)
  })
  process.stdout.write(`${demoGreeting(listeners[0]?.address ?? '', notSplicing)}\n`)
}

async function startDemoProxy(create: (address: string) => Proxy): Promise<Proxy> {
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

/** The first SIGTERM or SIGINT drains and exits with 0, the second one exits now. */
function onStopSignal(drain: () => Promise<void>): void {
  let isDraining = false
  const stop = (): void => {
    if (isDraining) process.exit(EXIT_FAILED)
    isDraining = true
    drain().then(() => process.exit(0), fail)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

function noFile(): Config {
  throw new MillraceError('wrong-state', 'it was started without a config file: there is nothing to reload')
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
