/**
 * A reader of a page: saves the files that it shows, runs its commands in one shell, and compares what they print with what the page
 * shows. `adapted` replaces what a machine with tests cannot have, such as ports.
 */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect } from 'vitest'
import { CLI } from '../support/millrace.js'
import type { ProgramOptions } from '../support/programs.js'
import { type Block, commandsOf, type Shown } from './markdown.js'
import { patternOf, withoutNumbers } from './output.js'
import { Shell } from './shell.js'

/** Commands that may run again without changing more. What they show may come a moment later. */
const CAN_BE_REPEATED = /^(millrace (status|connections|sources|backend|diff)|cat|tail|grep|curl|psql)( |$)/
const REPEATED_FOR_MS = 20_000

export interface ReaderOptions {
  /** Where the reader works. The folder must exist. */
  readonly folder: string
  readonly adapted: (text: string) => string
  /** Whether the page itself installs the command. Default false. */
  readonly installs?: boolean
  readonly env?: ProgramOptions['env']
}

export class Reader {
  readonly shell: Shell
  readonly #folder: string
  readonly #adapted: (text: string) => string

  constructor({ folder, adapted, installs = false, env = {} }: ReaderOptions) {
    const bin = join(folder, 'npm/bin')
    mkdirSync(bin, { recursive: true })
    if (!installs) symlinkSync(CLI, join(bin, 'millrace'))
    this.#folder = folder
    this.#adapted = adapted
    this.shell = new Shell({
      cwd: folder,
      env: {
        PATH: `${bin}${delimiter}${process.env.PATH}`,
        XDG_RUNTIME_DIR: folder,
        npm_config_prefix: join(folder, 'npm'),
        npm_config_offline: 'true',
        MILLRACE_ADMIN: undefined,
        ...env,
      },
    })
  }

  /** Does what the page says in this block. */
  async follow(block: Block): Promise<void> {
    const [what, ...rest] = (block.directive ?? '').split(' ')
    const text = this.#adapted(block.text)
    if (what === 'skip,') return void console.log(`not run: line ${block.line}: ${rest.join(' ')}`)
    if (what === 'file') return writeFileSync(join(this.#folder, rest[0]!), text)
    for (const shown of commandsOf({ ...block, text })) {
      if (what === 'until') await this.shell.runUntil(shown.command, rest.join(' '))
      else await this.#expectShown(shown, block)
    }
  }

  /** Ends the shell and its jobs. */
  async close(): Promise<void> {
    await this.shell.close()
  }

  async #expectShown({ command, output }: Shown, { language }: Block): Promise<void> {
    const began = performance.now()
    for (;;) {
      const { code, output: text } = await this.shell.run(command)
      const printed = `${withoutNumbers(text)}\n`
      const isCompared = language === 'console' && !command.endsWith('&')
      if (code === 0 && (!isCompared || patternOf(output).test(printed))) return
      if (CAN_BE_REPEATED.test(command) && performance.now() - began < REPEATED_FOR_MS) continue
      expect({ code, printed }, command).toEqual({
        code: 0,
        printed: isCompared ? expect.stringMatching(patternOf(output)) : expect.anything(),
      })
    }
  }
}

/** Blocks with commands, and files that the reader is told to save. */
export function isForReaders({ language, directive }: Block): boolean {
  return ['sh', 'console'].includes(language) || directive?.startsWith('file ') === true
}
