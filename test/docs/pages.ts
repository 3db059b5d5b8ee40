/** The pages that users read. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The pages of real jobs. */
export const RECIPES = pagesIn('docs/recipes')

/** README.md, and every page in docs/. */
export const PAGES: readonly string[] = ['README.md', ...pagesIn('docs'), ...RECIPES]

function pagesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
    .sort()
}

export function readPage(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}
