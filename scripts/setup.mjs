/**
 * Runs before `npm start` and `npm test`, also as the first command in a fresh clone. It installs, compiles
 * and builds what is missing or stale, and nothing else.
 */
import { makeReady } from './setup/run.mjs'

process.exitCode = await makeReady({ retry: false })
