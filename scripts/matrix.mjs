/**
 * `npm run matrix`: runs the pipe's contract suite under each version of Node that millrace supports, with the
 * binary of the addon that the package has. Takes some minutes.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NODES, nodeProgram } from './packages/nodes.mjs'
import { makePrebuilds } from './prebuilds/make.mjs'
import { binaryFor } from './prebuilds/recipe.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const SUITE = 'test/pipe/contract.test.ts'

await makePrebuilds(root)
const failed = []
for (const version of NODES) {
  console.log(`matrix: Node ${version}`)
  if (!runSuite(await nodeProgram(root, version, process.arch))) failed.push(version)
}
console.log(`matrix: ${failed.length === 0 ? 'all passed' : `failed with Node ${failed.join(', ')}`}`)
process.exitCode = failed.length === 0 ? 0 : 1

function runSuite(node) {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--configLoader=runner', SUITE]
  const env = { ...process.env, MILLRACE_ADDON: join(root, binaryFor(process.arch)) }
  return spawnSync(node, args, { cwd: root, env, stdio: 'inherit' }).status === 0
}
