/**
 * Every YAML block of the docs is a config that `millrace check` accepts. A block without `listeners` or `clusters` is a
 * part of a config: the test adds them. A block that has a key twice shows alternatives: the test checks each of them.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { formatPath } from '../../src/config/checks/path.js'
import { checkConfigFile } from '../../src/config/load.js'
import { findWarnings } from '../../src/config/warnings/warnings.js'
import { MillraceError } from '../../src/errors.js'
import { failedTests } from '../../src/trial/trials.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing } from '../support/programs.js'
import { blocksOf } from './markdown.js'
import { PAGES, readPage } from './pages.js'

/** Values for the variables that the examples use. */
const ENVIRONMENT = { MILLRACE_ADMIN_TOKEN: 'a-token-of-an-example' }
/** A block that has such a key is the config of another program. */
const OTHER_PROGRAMS: readonly (readonly [key: RegExp, program: string])[] = [
  [/^scrape_configs:/m, 'Prometheus'],
  [/^tcp:/m, 'Traefik'],
]

const blocks = PAGES.flatMap((page) =>
  blocksOf(readPage(page))
    .filter(({ language }) => language === 'yaml')
    .map((block) => ({ ...block, where: `${page}:${block.line}` })),
)

describe.skipIf(areMissing('openssl'))('a YAML block of the docs', () => {
  const folder = temporaryFolder()
  const empty = join(folder, 'empty.txt')
  let pair: { cert: string; key: string }

  beforeAll(async () => {
    pair = await selfSigned(folder)
    writeFileSync(empty, '')
    mkdirSync(join(folder, 'conf.d'))
  })

  it.each(blocks)('`millrace check` accepts the YAML block at $where', async ({ text, where, directive }) => {
    if (directive?.startsWith('skip, '))
      return void console.log(`not checked: ${where}: ${directive.slice(6)}`)
    const other = OTHER_PROGRAMS.find(([key]) => key.test(text))
    if (other !== undefined) return void console.log(`not checked: ${where} is a config of ${other[1]}`)
    const file = join(folder, 'millrace.yaml')
    for (const config of alternativesIn(text)) {
      writeFileSync(file, withFiles(completed(config)))
      expect(await problemsOf(file)).toEqual([])
      if (where.startsWith('docs/recipes/')) expect(warningsOf(file)).toEqual([])
    }
  })

  /** Replaces the files that the examples name by files that exist. */
  function withFiles(text: string): string {
    return text
      .replaceAll(/\/etc(\/millrace)?\/tls\/[\w.-]+\.pem/g, pair.cert)
      .replaceAll(/\/etc(\/millrace)?\/tls\/[\w.-]+\.key/g, pair.key)
      .replaceAll(/\/etc\/millrace\/[\w.-]+\.txt/g, empty)
  }
})

function alternativesIn(text: string): string[] {
  const sections = text.split(/^(?=\w)/m)
  const keys = sections.map((section) => section.split(':')[0])
  return new Set(keys).size === keys.length ? [text] : sections
}

/** Adds listeners and clusters to a config that lacks them. */
function completed(text: string): string {
  const part = parse(text)
  if (part.listeners !== undefined && part.clusters !== undefined) return text
  const named = [...text.matchAll(/\bcluster: ([\w-]+)/g)].map(([, name]) => name!)
  const clusters = part.clusters ?? Object.fromEntries([...named, 'added'].map((name) => [name, BACKENDS]))
  const listeners = part.listeners ?? [{ address: '127.0.0.1:1', cluster: Object.keys(clusters)[0] }]
  return stringify({ ...part, listeners, clusters })
}

const BACKENDS = { backends: ['127.0.0.1:2'] }

/** All warnings but those about folders that this machine does not have. */
function warningsOf(file: string): string[] {
  const { input } = checkConfigFile(file, ENVIRONMENT)
  return findWarnings(input)
    .map(({ message }) => message)
    .filter((message) => !message.startsWith('millrace cannot make a file in'))
}

async function problemsOf(file: string): Promise<string[]> {
  try {
    const { config, input } = checkConfigFile(file, ENVIRONMENT)
    return (await failedTests(config, input, formatPath)).map(({ message }) => message)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return [...error.message.split('\n'), readFileSync(file, 'utf8')]
  }
}
