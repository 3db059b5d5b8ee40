/**
 * Every command in the README and in Getting started runs as a reader runs it, and prints what the page shows. Ports are
 * replaced by free ones. `markdown.ts` says how a block opts out. `test/cli/verbs.test.ts` runs docs/commands.md.
 */
import { afterAll, beforeAll, describe, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { areMissing, freePort } from '../support/programs.js'
import { blocksOf } from './markdown.js'
import { readPage } from './pages.js'
import { isForReaders, Reader } from './reader.js'

/** The ports of the examples. The test replaces each of them by a free port. */
const PORTS = ['5432', '7000', '8080', '9001', '9002']
/** A reader needs time to type while a download runs. The test does not. */
const SOONER = ['--limit-rate 10M', '--limit-rate 20M'] as const

describe.skipIf(areMissing('bash', 'curl', 'python3')).each([
  { page: 'README.md', installs: false },
  { page: 'docs/getting-started.md', installs: true },
])('the commands of $page', ({ page, installs }) => {
  const folder = temporaryFolder()
  const ports = new Map<string, string>()
  let reader: Reader

  beforeAll(async () => {
    for (const port of PORTS) ports.set(port, String(await freePort()))
    reader = new Reader({ folder, adapted, installs })
  })
  afterAll(() => reader.close())

  it.each(blocksOf(readPage(page)).filter(isForReaders))(
    'the commands in the block at line $line print what the page shows',
    (block) => reader.follow(block),
  )

  function adapted(text: string): string {
    return text.replaceAll(/\b\d{4}\b/g, (number) => ports.get(number) ?? number).replaceAll(...SOONER)
  }
})
