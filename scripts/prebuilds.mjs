/**
 * `npm run prebuilds`: makes the binaries of the published package, prebuilds/linux-x64 and -arm64, and
 * installs and compiles what that needs.
 */
import { fileURLToPath } from 'node:url'
import { makePrebuilds } from './prebuilds/make.mjs'
import { StepFailed } from './setup/command.mjs'
import { makeReady } from './setup/run.mjs'

process.exitCode = (await makeReady({ retry: false })) || (await make())

async function make() {
  try {
    await makePrebuilds(fileURLToPath(new URL('..', import.meta.url)))
    return 0
  } catch (error) {
    if (error instanceof StepFailed) return 1
    throw error
  }
}
