/**
 * `npm run build`: the steps of setup.mjs, and once more what this machine was found unable to do.
 */
import { makeReady } from './setup/run.mjs'

process.exitCode = await makeReady({ retry: true })
