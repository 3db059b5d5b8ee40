/**
 * `npm run build`: the steps of setup.mjs. It also tries again what this machine could not do before.
 */
import { makeReady } from './setup/run.mjs'

process.exitCode = await makeReady({ retry: true })
