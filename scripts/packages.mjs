/**
 * `npm run packages`: makes every package, installs it as its users do, and checks that it serves. With names
 * of kinds (`npm run packages -- npm`) only these. Ends with 1 if a check failed.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChecks } from './packages/checks.mjs'
import { containerChecks } from './packages/containers.mjs'
import { debChecks } from './packages/deb.mjs'
import { debRootChecks } from './packages/deb-root.mjs'
import { npmChecks } from './packages/npm.mjs'

/** Each kind makes its list of checks for a checkout and a folder of its own, which is removed at the end. */
const KINDS = { npm: npmChecks, deb: debChecks, 'deb-root': debRootChecks, containers: containerChecks }

const root = fileURLToPath(new URL('..', import.meta.url))
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(KINDS)
const unknown = wanted.filter((kind) => KINDS[kind] === undefined)

if (unknown.length > 0) {
  process.stderr.write(
    `packages: unknown: ${unknown.join(', ')}; there is ${Object.keys(KINDS).join(', ')}\n`,
  )
  process.exitCode = 2
} else {
  for (const kind of wanted) await check(kind)
}

async function check(kind) {
  const folder = mkdtempSync(join(tmpdir(), `millrace-package-${kind}-`))
  try {
    if (!(await runChecks(kind, KINDS[kind](root, folder)))) process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
