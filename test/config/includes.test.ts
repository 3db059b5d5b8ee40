/** A config in several files: what is merged, in which order, and where its errors are. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfigFile } from '../../src/config/load.js'
import { temporaryFolder } from '../support/folder.js'
import { failureOf } from './config-file.js'

const root = temporaryFolder()
let count = 0

/** Writes these files into a new folder. Returns the path of the main file. */
function write(files: Readonly<Record<string, string>>): string {
  const folder = join(root, String(++count))
  mkdirSync(join(folder, 'conf.d'), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return join(folder, 'main.yaml')
}

const load = (files: Readonly<Record<string, string>>) => loadConfigFile(write(files), {})

/** Each as `file:line:column path: message`, with the files named from the folder of the main file. */
function problemsOf(path: string): string[] {
  const { problems } = failureOf(() => loadConfigFile(path, {}))
  const folder = path.slice(0, -'main.yaml'.length)
  return problems
    .map(({ file, line, column, path: at, message }) => `${file}:${line}:${column} ${at}: ${message}`)
    .map((text) => text.replaceAll(folder, ''))
}

const cluster = (name: string): string => `clusters: { ${name}: { backends: ["10.0.0.5:80"] } }\n`
const listener = (name: string, port: number, to = 'web'): string =>
  `listeners: [{ name: ${name}, address: "127.0.0.1:${port}", cluster: ${to} }]\n`
const main = `include: conf.d/*.yaml\n${listener('web', 80)}${cluster('web')}`

describe('include', () => {
  it('a pattern adds listeners and clusters of files in the order of their names', () => {
    const { listeners, clusters } = load({
      'main.yaml': main,
      'conf.d/20-b.yaml': listener('b', 82, 'b') + cluster('b'),
      'conf.d/10-a.yaml': listener('a', 81),
      'conf.d/.hidden.yaml': 'nonsense: 1',
      'conf.d/a.yml': 'nonsense: 1',
    })
    expect(listeners.map(({ name }) => name)).toEqual(['web', 'a', 'b'])
    expect(Object.keys(clusters)).toEqual(['web', 'b'])
  })

  it('a pattern may match no file, and a list of paths is included in its order', () => {
    expect(load({ 'main.yaml': main }).listeners).toHaveLength(1)
    const { listeners } = load({
      'main.yaml': 'include: [b.yaml, "a?.yaml"]\n',
      'b.yaml': listener('b', 82),
      'a1.yaml': listener('a', 81) + cluster('web'),
    })
    expect(listeners.map(({ name }) => name)).toEqual(['b', 'a'])
  })

  it('an included file gets its variables, and its problems have its own lines', () => {
    const path = write({
      'main.yaml': `${main}workers: 0\n`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that is the syntax under test
      'conf.d/a.yaml': 'listeners:\n  - { name: a, address: "127.0.0.1:${PORT:-81}", clustr: web }\n',
    })
    expect(problemsOf(path)).toEqual([
      'main.yaml:4:10 workers: expected "auto" or a whole number from 1 to 256, found 0',
      'conf.d/a.yaml:2:5 listeners[0].cluster: is missing: expected the name of a cluster, or routes',
      'conf.d/a.yaml:2:50 listeners[0].clustr: unknown key; did you mean "cluster"?',
    ])
  })

  it('a cluster, a name and an address that are in two files are errors that name both places', () => {
    const path = write({
      'main.yaml': main,
      'conf.d/a.yaml': listener('web', 80) + cluster('web'),
    })
    expect(problemsOf(path)).toEqual([
      'conf.d/a.yaml:1:21 listeners[0].name: the name "web" is already used at listeners[0].name: write another name (main.yaml:2:21)',
      'conf.d/a.yaml:1:35 listeners[0].address: 127.0.0.1:80 is already used at listeners[0].address: write another address (main.yaml:2:35)',
      'conf.d/a.yaml:2:13 clusters.web: this cluster is already at main.yaml:3:18: write another name',
    ])
  })

  it('a syntax error of an included file is told in its place', () => {
    const path = write({ 'main.yaml': main, 'conf.d/a.yaml': 'listeners: [\n' })
    expect(problemsOf(path)[0]).toMatch(/^conf\.d\/a\.yaml:\d+:\d+ /)
  })

  it('an included file has only listeners and clusters, so no file can include itself', () => {
    const path = write({
      'main.yaml': main,
      'conf.d/a.yaml': 'include: b.yaml\nlog: {}\n',
      'conf.d/b.yaml': '[]',
    })
    const foreign = 'an included file has only "listeners" and "clusters": write this key in the main file'
    expect(problemsOf(path)).toEqual([
      `conf.d/a.yaml:1:1 include: ${foreign}`,
      `conf.d/a.yaml:2:1 log: ${foreign}`,
      'conf.d/b.yaml:1:1 : expected a map with listeners or clusters: write one of the two keys',
    ])
  })

  it.each([
    ['*.yaml', /^main\.yaml:1:10 include: ".*main\.yaml" is part of the config already: include it once$/],
    ['none.yaml', /^main\.yaml:1:10 include: cannot read ".*none\.yaml": ENOENT$/],
    ['none/*.yaml', /^main\.yaml:1:10 include: cannot read the folder ".*none": ENOENT$/],
    [
      '*/a.yaml',
      /^main\.yaml:1:10 include: ".*a\.yaml" has "\*" or "\?" in a folder: write them only in the name of the file$/,
    ],
    ['conf.d', /^main\.yaml:1:10 include: cannot read the config ".*conf\.d": it is a directory$/],
  ])('include: %s is an error at its place', (pattern, message) => {
    const path = write({ 'main.yaml': main.replace('conf.d/*.yaml', JSON.stringify(pattern)) })
    const [problem, ...others] = problemsOf(path)
    expect(problem).toMatch(message)
    expect(others).toEqual([])
  })

  it('what is no list of listeners or no map of clusters is an error in each file', () => {
    const included = listener('a', 81, 'a') + cluster('a')
    expect(
      problemsOf(
        write({
          'main.yaml': 'include: conf.d/*.yaml\nlisteners: 5\nclusters: [web]\n',
          'conf.d/a.yaml': included,
          'conf.d/b.yaml': 'listeners: 5\nclusters:\n  - web\n',
          'conf.d/c.yaml': 'clusters: web\n',
          'conf.d/d.yaml': 'listeners:\nclusters: {}\n',
        }),
      ),
    ).toEqual([
      'main.yaml:2:12 listeners: expected a list of listeners, found 5',
      'main.yaml:3:11 clusters: expected a map of clusters, found a list',
      'conf.d/b.yaml:1:12 listeners: expected a list of listeners, found 5',
      'conf.d/b.yaml:3:3 clusters: expected a map of clusters, found a list',
      'conf.d/c.yaml:1:11 clusters: expected a map of clusters, found "web"',
    ])
    const once = write({ 'main.yaml': main.replace(/listeners.*/, 'listeners: 5'), 'conf.d/a.yaml': '{}' })
    expect(problemsOf(once)).toEqual(['main.yaml:2:12 listeners: expected a list of listeners, found 5'])
  })

  it('more than 1000 files are one error, however many there are', () => {
    const path = write({
      'main.yaml': `include: [conf.d/*.yaml, conf.d/*.yml]\n${listener('web', 80)}${cluster('web')}`,
    })
    for (let number = 0; number < 1003; number++)
      writeFileSync(join(path, '..', 'conf.d', `${number}.${number < 1002 ? 'yaml' : 'yml'}`), '{}')
    expect(problemsOf(path)).toEqual([
      'main.yaml:1:11 include[0]: there are more than 1000 files: include fewer',
    ])
  })

  it('a file that is included under two names is included once', () => {
    const path = write({ 'main.yaml': main, 'conf.d/a.yaml': listener('a', 81) })
    symlinkSync('a.yaml', join(path, '..', 'conf.d', 'b.yaml'))
    expect(problemsOf(path)).toEqual([
      'main.yaml:1:10 include: "conf.d/b.yaml" is part of the config already: include it once',
    ])
  })
})
