/**
 * One worker: a proxy that takes its config and its orders from the supervisor. It ends when it has drained,
 * and at once when the supervisor is gone.
 */

import type { Config } from '../config/schema.js'
import type { Proxy } from '../proxy/proxy.js'
import type { ToSupervisor, ToWorker } from './messages.js'

/** Runs until told to drain. `create` makes the proxy; `failed` is told why it could not start. */
export function runWorker(create: (config: Config) => Proxy, failed: (error: unknown) => void): void {
  let proxy: Proxy | undefined
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'drain') void leave(proxy)
    else {
      proxy = create(message.config)
      proxy.start().then(() => tell('ready'), failed)
    }
  })
  // A terminal's Ctrl-C and a service manager's SIGTERM reach every process of the group.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void leave(proxy))
  process.on('disconnect', () => void cut(proxy))
  tell('hello')
}

function tell(kind: ToSupervisor['kind']): void {
  process.send?.({ kind } satisfies ToSupervisor)
}

/** The supervisor is gone: clients learn by a reset that they were cut. */
async function cut(proxy: Proxy | undefined): Promise<void> {
  await proxy?.stop()
  process.exit(1)
}

async function leave(proxy: Proxy | undefined): Promise<void> {
  await proxy?.drain()
  process.exit(0)
}
