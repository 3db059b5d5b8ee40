/** Serves the demonstration until a signal ends it. */
import { validateConfig } from '../config/validate.js'
import type { SpliceMode } from '../defaults.js'
import { showLiveLine, summary } from '../observe/live-line.js'
import { RunningProxy } from '../proxy/running-proxy.js'
import type { Signals } from '../signals.js'
import { DEMO_ADDRESS, demoConfig, demoGreeting, startDemoBackend } from './demo.js'

/** Resolves when the demonstration serves. `fail` prints an error of the drain and exits. */
export async function demonstrate(
  splice: SpliceMode,
  signals: Signals,
  fail: (error: unknown) => void,
): Promise<void> {
  const backend = await startDemoBackend()
  const proxy = await startDemoProxy(
    (address) => new RunningProxy(validateConfig(demoConfig(backend, splice, address)), {}),
  )
  const { listeners, notSplicing } = proxy.status()
  const hideLiveLine = showLiveLine(() => proxy.status())
  const drain = async (): Promise<void> => {
    hideLiveLine()
    backend.close()
    backend.closeIdleConnections()
    await proxy.drain()
    process.stdout.write(`${summary(proxy.status())}\n`)
  }
  onStopSignal(signals, () => void drain().then(() => process.exit(0), fail))
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

/** The first signal calls `stop`. The second exits at once. SIGHUP means that the terminal is gone. */
function onStopSignal(signals: Signals, stop: () => void): void {
  let isStopping = false
  signals.heed((signal) => {
    if (signal === 'SIGUSR2') return
    if (isStopping) process.exit(1)
    isStopping = true
    stop()
  })
}
