/**
 * Every command in the README and in Getting started runs as a reader runs it, and prints what the page shows. Ports are
 * replaced by free ones. `markdown.ts` says how a block opts out. `test/cli/verbs.test.ts` runs docs/commands.md.
 */
import { symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { CLI } from '../support/millrace.js'
import { areMissing, freePort } from '../support/programs.js'
import { type Block, blocksOf, commandsOf, type Shown } from './markdown.js'
import { patternOf, withoutNumbers } from './output.js'
import { readPage } from './pages.js'
import { Shell } from './shell.js'

/** The ports of the examples. The test replaces each of them by a free port. */
const PORTS = ['5432', '7000', '8080', '9001', '9002']
/** A reader needs time to type while a download runs. The test does not. */
const SOONER = ['--limit-rate 10M', '--limit-rate 20M'] as const
/** Commands that may run again without changing more. What they show may come a moment later. */
const CAN_BE_REPEATED = /^(millrace (status|connections|backend)|tail) /
const REPEATED_FOR_MS = 20_000

describe.skipIf(areMissing('bash', 'curl', 'python3')).each([
  { page: 'README.md', installs: false },
  { page: 'docs/getting-started.md', installs: true },
])('the commands of $page', ({ page, installs }) => {
  const folder = temporaryFolder()
  const bin = join(folder, 'npm/bin')
  const ports = new Map<string, string>()
  let shell: Shell

  beforeAll(async () => {
    for (const port of PORTS) ports.set(port, String(await freePort()))
    shell = new Shell({
      cwd: folder,
      env: {
        PATH: `${bin}${delimiter}${process.env.PATH}`,
        XDG_RUNTIME_DIR: folder,
        npm_config_prefix: join(folder, 'npm'),
        npm_config_offline: 'true',
        MILLRACE_ADMIN: undefined,
      },
    })
    await shell.run(`mkdir -p '${bin}'`)
    if (!installs) symlinkSync(CLI, join(bin, 'millrace'))
  })
  afterAll(() => shell.close())

  it.each(blocksOf(readPage(page)).filter(isForReaders))(
    'the commands in the block at line $line print what the page shows',
    async (block) => {
      const { directive = '' } = block
      const [what, ...rest] = directive.split(' ')
      if (what === 'skip,') return void console.log(`not run: ${page}:${block.line}: ${rest.join(' ')}`)
      if (what === 'file') return writeFileSync(join(folder, rest[0]!), adapted(block.text))
      for (const shown of commandsOf({ ...block, text: adapted(block.text) })) {
        if (what === 'until') await shell.runUntil(shown.command, rest.join(' '))
        else await expectShown(shown, block)
      }
    },
  )

  async function expectShown({ command, output }: Shown, { language }: Block): Promise<void> {
    const began = performance.now()
    for (;;) {
      const answer = await shell.run(command)
      expect(answer, command).toMatchObject({ code: 0 })
      if (language !== 'console' || command.endsWith('&')) return
      const printed = `${withoutNumbers(answer.output)}\n`
      if (patternOf(output).test(printed)) return
      if (!CAN_BE_REPEATED.test(command) || performance.now() - began > REPEATED_FOR_MS)
        return expect(printed, command).toMatch(patternOf(output))
    }
  }

  function adapted(text: string): string {
    return text.replaceAll(/\b\d{4}\b/g, (number) => ports.get(number) ?? number).replaceAll(...SOONER)
  }
})

/** Blocks with commands, and files that the reader is told to save. */
function isForReaders({ language, directive }: Block): boolean {
  return ['sh', 'console'].includes(language) || directive?.startsWith('file ') === true
}
