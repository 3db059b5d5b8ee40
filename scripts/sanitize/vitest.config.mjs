/**
 * The suites' own configuration, changed for the leak checker. The checker runs when a process exits, so
 * every process of a suite must get to its end.
 */
import { once } from 'node:events'
import { mergeConfig } from 'vitest/config'
import { ForksPoolWorker } from 'vitest/node'
import base from '../../vitest.config.ts'

/** vitest kills a worker that takes half a second to exit. A leak check takes longer. */
class PatientWorker extends ForksPoolWorker {
  async stop() {
    const { fork } = this
    const exited = once(fork, 'exit')
    if (fork.exitCode === null && fork.signalCode === null) {
      fork.kill('SIGTERM')
      await exited
    }
    // The base class waits for an exit code, which a crashed process does not have.
    if (fork.exitCode !== null) await super.stop()
  }
}

export default mergeConfig(base, {
  test: {
    root: new URL('../..', import.meta.url).pathname,
    setupFiles: [new URL('exit-orderly.mjs', import.meta.url).pathname],
    pool: { name: 'patient-forks', createPoolWorker: (options) => new PatientWorker(options) },
  },
})
