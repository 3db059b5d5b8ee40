/**
 * One worker: a proxy that takes its config and its orders from the supervisor. It ends when it has drained,
 * and at once when the supervisor is gone.
 */

import type { Config } from '../config/schema.js'
import type { Proxy } from '../proxy.js'
import type { Ready, ToWorker } from './messages.js'

/** Runs until told to drain. `create` makes the proxy; `failed` is told why it could not start. */
export function runWorker(create: (config: Config) => Proxy, failed: (error: unknown) => void): void {
  let proxy: Proxy | undefined
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'drain') void leave(proxy)
    else {
      proxy = create(message.config)
      proxy.start().then(() => process.send?.({ kind: 'ready' } satisfies Ready), failed)
    }
  })
  process.on('disconnect', () => process.exit(1))
}

async function leave(proxy: Proxy | undefined): Promise<void> {
  await proxy?.drain()
  process.exit(0)
}
