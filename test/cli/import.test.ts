/** `millrace import` as people run it. What it imports is in test/import/. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { runMillrace } from '../support/millrace.js'

const folder = temporaryFolder()

it('`millrace import` writes a config that `millrace check` accepts, tells what it left out, and replaces no file', async () => {
  const [theirs, ours] = [join(folder, 'nginx.conf'), join(folder, 'millrace.yaml')]
  writeFileSync(join(folder, 'a.conf'), 'server { listen 127.0.0.1:81; proxy_pass 127.0.0.1:82; }')
  writeFileSync(theirs, 'http { }\nstream { include *.conf.missing; include a.*; }\n')
  const imported = await runMillrace(['import', theirs, '--out', ours])
  expect(imported).toMatchObject({ code: 0, stdout: '' })
  expect(imported.stderr).toMatch(new RegExp(`^${theirs}:1: http: not imported: `))
  expect(existsSync(ours)).toBe(true)
  expect(await runMillrace(['check', '--config', ours])).toMatchObject({ code: 0 })
  const text = readFileSync(ours, 'utf8')
  const again = await runMillrace(['import', theirs, '--out', ours])
  expect(again).toMatchObject({ code: 1, stdout: '' })
  expect(again.stderr).toContain('it is there already: remove it, or name another one')
  expect(readFileSync(ours, 'utf8')).toBe(text)
})
