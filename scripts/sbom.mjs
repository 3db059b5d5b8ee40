/** `npm run sbom`: writes millrace-VERSION.cdx.json, the list of what an installed package consists of. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeSbom } from './packages/sbom.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const path = join(root, `millrace-${version}.cdx.json`)
const folder = mkdtempSync(join(tmpdir(), 'millrace-sbom-'))

try {
  writeFileSync(path, await makeSbom(root, folder))
  console.log(path)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
