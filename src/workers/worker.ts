/**
 * One worker: a proxy that takes its config and its orders from the supervisor. It ends when it has drained,
 * and at once when the supervisor is gone.
 */
import { MillraceError } from '../errors.js'
import { openLog } from '../observe/log.js'
import { ProxyControl } from '../proxy/proxy-control.js'
import { RunningProxy } from '../proxy/running-proxy.js'
import { type Call, packError, type ToSupervisor, type ToWorker } from './messages.js'

type Question = Extract<ToWorker, { kind: 'ask' }>

/** Runs until told to drain. `failed` is told why it could not start. */
export function runWorker(failed: (error: unknown) => void): void {
  let worker: Worker | undefined
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'ask') void worker?.answer(message)
    else {
      const { config } = message
      worker = new Worker(new RunningProxy(config, { sharePorts: true, openLog: openLog(config.log) }))
      worker.start().catch(failed)
    }
  })
  // A terminal's Ctrl-C and a service manager's SIGTERM reach every process of the group.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void leave(worker))
  // These are for the supervisor to heed.
  for (const signal of ['SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {})
  process.on('disconnect', () => void cut(worker))
  tell({ kind: 'hello' })
}

class Worker {
  readonly proxy: RunningProxy
  readonly control: ProxyControl

  constructor(proxy: RunningProxy) {
    this.proxy = proxy
    this.control = new ProxyControl(proxy, {
      load: () => {
        throw new MillraceError('wrong-state', 'a worker takes its config from its supervisor')
      },
      reopenLogs: () => proxy.openLog.reopen(),
      ended: () => {},
    })
  }

  async start(): Promise<void> {
    await this.proxy.start()
    this.proxy.watch.start()
    tell({ kind: 'ready' })
  }

  /** When its proxy is drained that was its last answer. */
  async answer({ id, call }: Question): Promise<void> {
    const isLast = (): boolean => this.proxy.status().state === 'stopped'
    const end = (): void => {
      if (isLast()) process.exit(0)
    }
    try {
      tell({ kind: 'answer', id, value: await this.#act(call) }, end)
    } catch (error) {
      tell({ kind: 'answer', id, error: packError(error) })
    }
  }

  #act(call: Call): Promise<unknown> {
    const { control } = this
    if (call.method === 'takeUp') return control.takeUp(() => call.args[0])
    const method = control[call.method] as (...args: readonly unknown[]) => Promise<unknown>
    return method.apply(control, call.args)
  }
}

function tell(message: ToSupervisor, told: () => void = () => {}): void {
  process.send?.(message, undefined, undefined, told)
}

/** The supervisor is gone: clients learn by a reset that they were cut. */
async function cut(worker: Worker | undefined): Promise<void> {
  await worker?.proxy.stop()
  process.exit(1)
}

async function leave(worker: Worker | undefined): Promise<void> {
  await worker?.control.drain({})
  process.exit(0)
}
