/**
 * Runs before `npm pack` packs: makes the binaries of the addon, and gives the package a README without
 * relative links. If a binary cannot be made, nothing is packed. postpack.mjs puts the README back.
 */
import { fileURLToPath } from 'node:url'
import { placePackedReadme } from './packages/packed-readme.mjs'
import { makePrebuilds } from './prebuilds/make.mjs'
import { StepFailed } from './setup/command.mjs'
import { makeReady } from './setup/run.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

process.exitCode = (await makeReady({ retry: false })) || (await prepare())

async function prepare() {
  try {
    await makePrebuilds(root)
    await placePackedReadme(root)
    return 0
  } catch (error) {
    if (error instanceof StepFailed) return 1
    throw error
  }
}
