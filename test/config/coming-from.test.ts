/** docs/coming-from.md: HAProxy and nginx accept their configs on the page, and millrace accepts its own. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { STREAM_MODULE } from '../support/nginx.js'
import { areMissing, run } from '../support/programs.js'
import { load } from './config-file.js'

const text = readFileSync(new URL('../../docs/coming-from.md', import.meta.url), 'utf8')
const examples = (language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, code = '']) => code)
const folder = temporaryFolder()

/** Writes the page's one example in this language to a file. */
function written(language: string, before = ''): string {
  const [code = '', ...others] = examples(language)
  expect(others).toEqual([])
  const file = join(folder, `${language}.conf`)
  writeFileSync(file, before + code)
  return file
}

describe('docs/coming-from.md', () => {
  it('docs/coming-from.md has a valid millrace config for each of the three proxies', () => {
    const ours = examples('yaml').filter((yaml) => yaml.startsWith('listeners:'))
    expect(ours.map((yaml) => Object.keys(load(yaml).clusters))).toEqual(Array(3).fill(['shop', 'apps']))
  })

  it.skipIf(areMissing('haproxy'))('docs/coming-from.md has an example that HAProxy accepts', async () => {
    expect(await run('haproxy', ['-c', '-f', written('haproxy')])).toMatchObject({ code: 0 })
  })

  it.skipIf(areMissing('nginx'))('docs/coming-from.md has an example that nginx accepts', async () => {
    const before = `load_module ${STREAM_MODULE};\npid ${folder}/nginx.pid;\nerror_log stderr;\nevents {}\n`
    const checked = await run('nginx', ['-t', '-p', folder, '-c', written('nginx', before)])
    expect(checked.stderr).toContain('test is successful')
  })
})
