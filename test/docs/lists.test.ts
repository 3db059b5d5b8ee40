/** The lists and maps of the docs: the files that a page shows are good, and do what the page says. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { validateConfig } from '../../src/config/validate.js'
import { createAccessCheck } from '../../src/limits/lists/access-check.js'
import { ConfigLists } from '../../src/limits/lists/config-lists.js'
import { OwnLists } from '../../src/limits/lists/own-lists.js'
import { temporaryFolder } from '../support/folder.js'
import { blocksOf } from './markdown.js'
import { readPage } from './pages.js'

const folder = temporaryFolder()

/** The config of the page that names the file, with the files that the page shows. All others are empty. */
async function example(page: string, name: string) {
  const blocks = blocksOf(readPage(page))
  const yaml = blocks.find(({ language, text }) => language === 'yaml' && text.includes(name))!.text
  for (const [path, file = ''] of yaml.matchAll(/\/etc\/millrace\/([\w.-]+)/g)) {
    const shown = blocks.find(({ directive }) => directive === `file ${file}`)?.text
    expect(path.endsWith(name) ? shown : '').toBeDefined()
    writeFileSync(join(folder, file), shown ?? '')
  }
  const config = validateConfig(parse(yaml.replaceAll('/etc/millrace', folder)))
  const lists = new ConfigLists(config)
  await new OwnLists({ loaded: () => {}, failed: () => {} }).load(lists)
  return { config, lists }
}

const tcp = (host: string) => ({ kind: 'tcp', host, port: 1 }) as const

describe('docs', () => {
  it('the lists of docs/limits.md let in and deny the clients that the page says', async () => {
    const { config, lists } = await example('docs/limits.md', 'deny.txt')
    const deny = createAccessCheck('process', config.limits!, lists)!
    const list = `denied: list ${join(folder, 'deny.txt')}`
    const causes = ['198.51.100.8', '198.51.100.7', '2001:db8:bad:1::1', '2001:db8:bad:7::1', '192.0.2.1']
    expect(causes.map((host) => deny.refuses(tcp(host)))).toEqual([
      list,
      undefined,
      list,
      undefined,
      undefined,
    ])
    const allow = createAccessCheck('listener/office', config.listeners[0]!.limits!, lists)!
    expect(['10.1.1.1', '192.0.2.1'].map((host) => allow.refuses(tcp(host)))).toEqual([
      undefined,
      'denied: not-allowed',
    ])
  })

  it('the map of docs/routing.md sends clients to the clusters that the page says', async () => {
    const { lists } = await example('docs/routing.md', 'tenants.txt')
    const map = lists.get({ kind: 'names', path: join(folder, 'tenants.txt') })
    const names = [
      'shop.example.com',
      'a.apps.example.com',
      'a.b.example.org',
      'old.example.org',
      'example.net',
    ]
    expect(names.map((name) => map.content.find(name))).toMatchObject([
      { cluster: 'shop' },
      { cluster: 'apps' },
      { cluster: 'apps' },
      { cluster: undefined },
      undefined,
    ])
  })
})
