/**
 * A recipe of docs/recipes/, run as its page prints it: the config, and each command, which must print what the page shows. Only the
 * places are others: addresses, names and paths that a machine with tests does not have. The table of the test names each of them.
 * `test/docs/yaml.test.ts` checks the config as it is printed.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { temporaryFolder } from '../../support/folder.js'
import { areMissing } from '../../support/programs.js'
import type { AccessRecord } from '../../support/record-fields.js'
import { type Block, blocksOf } from '../markdown.js'
import { readPage } from '../pages.js'
import { isForReaders, Reader } from '../reader.js'
import type { Shell } from '../shell.js'

/** A text of the page → what stands in its place. Each text must be on the page. */
export type Places = Readonly<Record<string, string>>

/** The longest text first: `db1.example.net:5432` is another place than `db1.example.net`. */
export function withPlaces(text: string, places: Places): string {
  const texts = Object.keys(places).sort((a, b) => b.length - a.length)
  if (texts.length === 0) return text
  const pattern = texts.map((each) => each.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  return text.replaceAll(new RegExp(pattern, 'g'), (found) => places[found]!)
}

/** The first block of the page in this language, such as the config of another program. */
export function shownIn(name: string, language: string): string {
  return blocksOf(readPage(`docs/recipes/${name}.md`)).find((block) => block.language === language)!.text
}

export interface RecipeOptions {
  /** The programs that the page uses. */
  readonly needs: readonly string[]
  /** Starts the servers of the recipe, with their files in `folder`. All users may enter the folder. */
  readonly prepare: (folder: string) => Places | Promise<Places>
  /** Ends what does not end by itself. */
  readonly finish?: () => unknown
  /** Further tests, after the commands of the page. */
  readonly more?: (recipe: Recipe) => void
}

/** millrace with the config of the page, and a reader in front of it. */
export class Recipe {
  /** The reader works here, and `millrace.yaml` is here. */
  readonly folder: string
  readonly #page: string
  #places: Places = {}
  #reader: Reader | undefined

  constructor(name: string, folder: string) {
    this.folder = folder
    this.#page = readPage(`docs/recipes/${name}.md`)
  }

  /** The config of the page is the first YAML block. */
  get config(): string {
    return blocksOf(this.#page).find(({ language }) => language === 'yaml')?.text ?? ''
  }

  get blocks(): Block[] {
    return blocksOf(this.#page).filter(isForReaders)
  }

  get shell(): Shell {
    return this.#reader!.shell
  }

  /** Saves the config with other places, and opens the reader's shell. */
  open(places: Places): void {
    for (const text of Object.keys(places)) expect(this.#page).toContain(text)
    this.#places = places
    writeFileSync(join(this.folder, 'millrace.yaml'), this.adapted(this.config))
    const adapted = (text: string): string => this.adapted(text)
    this.#reader = new Reader({ folder: this.folder, adapted, env: { MILLRACE_ADMIN: this.#admin() } })
  }

  /** Starts millrace, and waits until it answers. Its log goes to `log` unless the config names a file. */
  async start(): Promise<void> {
    await this.shell.run('millrace --config millrace.yaml > log 2>&1 &')
    const { code } = await this.shell.run('kill -0 $!')
    if (code !== 0) throw new Error(`millrace does not serve: ${this.#read('log')}`)
  }

  follow(block: Block): Promise<void> {
    return this.#reader!.follow(block)
  }

  /** The connections that have ended so far. */
  records(): (AccessRecord & { pid: number })[] {
    const lines = this.#read('log').split('\n').filter(Boolean)
    return lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'connection')
  }

  async close(): Promise<void> {
    await this.#reader?.close()
  }

  adapted(text: string): string {
    return withPlaces(text, this.#places)
  }

  /** The admin address of the config for commands, if the config has one. */
  #admin(): string | undefined {
    const { admin } = parse(this.adapted(this.config)) as { admin?: unknown }
    const first: unknown = Array.isArray(admin) ? admin[0] : admin
    if (typeof first === 'string') return first
    return (first as { address?: string } | undefined)?.address
  }

  #read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8')
  }
}

/** Tests that the recipe works as its page says. */
export function describeRecipe(name: string, { needs, prepare, finish, more }: RecipeOptions): void {
  describe.skipIf(areMissing('bash', ...needs))(`docs/recipes/${name}.md`, () => {
    const folder = temporaryFolder()
    const recipe = new Recipe(name, folder)

    beforeAll(async () => {
      // Servers that run as another user must be able to enter this folder, too.
      chmodSync(folder, 0o755)
      recipe.open(await prepare(folder))
      await recipe.start()
    })
    afterAll(async () => {
      await recipe.close()
      await finish?.()
    })

    it.each(recipe.blocks)(`the commands in ${name}.md at line $line print what the page shows`, (block) =>
      recipe.follow(block),
    )

    more?.(recipe)
  })
}
