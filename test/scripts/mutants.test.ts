/** The lists of mutants fit the sources. The runner tells which mutants a test finds and which ones survive. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The runner is plain JavaScript without types, so a test loads its parts as they are. */
const part = async (name: string) =>
  await import(new URL(`scripts/mutants/${name}.mjs`, `file://${ROOT}`).href)
const { choose, mutate, parseList, readLists } = await part('list')
const { judge } = await part('judge')
const { lineOf, summaryOf } = await part('report')
const { runLimited } = await part('limited')

interface Mutant {
  readonly id: string
  readonly file: string
  readonly tests: readonly { path: string; name?: string }[]
  readonly was: string
  readonly becomes: string
}

const mutants: readonly Mutant[] = readLists()
const files = [...new Set(mutants.map(({ file }) => file))]

const LIST = `
# a remark
file src/a.ts
test test/a.test.ts
test test/b.test.ts that it holds

One is two.
- one
+ two

A step is left out.
- first()
    second()
+
file src/b.ts
test test/b.test.ts
More is less.
- a > b
+ a < b
`

describe('the lists of mutants', () => {
  it.each(files)('each mutant changes exactly one place in %s', (file) => {
    const text = readFileSync(join(ROOT, file), 'utf8')
    for (const mutant of mutants.filter((each) => each.file === file)) {
      expect(mutate(text, mutant).text).not.toBe(text)
    }
  })

  it('the lists of mutants name only tests that exist', () => {
    const paths = new Set(mutants.flatMap(({ tests }) => tests.map(({ path }) => path)))
    expect([...paths].filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it('the lists of mutants have no mutant twice', () => {
    const changes = mutants.map(({ file, was, becomes }) => JSON.stringify([file, was, becomes]))
    expect(changes.filter((change, index) => changes.indexOf(change) !== index)).toEqual([])
  })
})

describe('a list of mutants', () => {
  it('a list of mutants tells what each one replaces, by what, and its nearest tests', () => {
    const [two, leftOut, less] = parseList(LIST, 'a.txt')
    expect(two).toMatchObject({ file: 'src/a.ts', was: 'one', becomes: 'two', wrong: 'One is two.' })
    expect(two.tests).toEqual([{ path: 'test/a.test.ts' }, { path: 'test/b.test.ts', name: 'that it holds' }])
    expect(leftOut).toMatchObject({ was: 'first()\n    second()', becomes: '' })
    expect(less).toMatchObject({ file: 'src/b.ts', tests: [{ path: 'test/b.test.ts' }] })
  })

  it('an incomplete mutant in a list is refused with its line', () => {
    expect(() => parseList('No file.\n- a\n+ b', 'a.txt')).toThrow('a.txt:1: a mutant needs a line')
    expect(() => parseList('file a.ts\ntest a.test.ts\nNothing.\n- a', 'a.txt')).toThrow(
      'a.txt:3: needs a line',
    )
  })

  it('a mutant is refused if its place is missing or there more than once', () => {
    const mutant = { id: 'a.ts#1', was: 'one', becomes: 'two' }
    expect(mutate('zero\none', mutant)).toEqual({ text: 'zero\ntwo', line: 2 })
    expect(() => mutate('zero', mutant)).toThrow('a.ts#1: this text is no longer in the file: one')
    expect(() => mutate('one, one', mutant)).toThrow('a.ts#1: this text is in the file more than once: one')
  })

  it('mutants can be chosen by id, by file and by folder', () => {
    const all = ['src/a/b.ts#1', 'src/a/b.ts#10', 'src/a/c.ts#1', 'src/ab.ts#1'].map((id) => ({ id }))
    const ids = (...wanted: string[]) => choose(all, wanted).map(({ id }: { id: string }) => id)
    expect(ids()).toHaveLength(4)
    expect(ids('src/a/b.ts#1')).toEqual(['src/a/b.ts#1'])
    expect(ids('src/a/b.ts', 'src/ab.ts')).toEqual(['src/a/b.ts#1', 'src/a/b.ts#10', 'src/ab.ts#1'])
    expect(ids('src/a')).toEqual(['src/a/b.ts#1', 'src/a/b.ts#10', 'src/a/c.ts#1'])
    expect(() => ids('src/b')).toThrow('no mutant is called "src/b"')
  })
})

describe('a mutant', () => {
  const [near, far] = [{ path: 'near' }, { path: 'far' }]
  const mutant = (id: string, tests: unknown[] = [near, far]) => ({
    id,
    tests,
    wrong: 'wrong',
    file: 'a.ts',
    was: 'a',
    becomes: 'b',
  })
  const passes = { isGood: true, isOverdue: false, ms: 1, passed: 1, firstFailed: undefined, output: '' }
  const fails = { ...passes, isGood: false, firstFailed: 'that it holds' }

  /** A mock copy of the checkout. It has the outcomes of tests by path, and by the applied mutant. */
  class FakeCopy {
    applied: string | undefined
    readonly outcomes: Record<string, typeof passes>
    constructor(outcomes: Record<string, typeof passes>) {
      this.outcomes = outcomes
    }
    async apply({ id }: { id: string }) {
      this.applied = id
      return { line: 7, problem: id === 'uncompiled' ? 'error: expected ;' : undefined }
    }
    undo() {
      this.applied = undefined
    }
    async test({ path }: { path: string }) {
      return this.outcomes[`${this.applied ?? 'none'} ${path}`] ?? passes
    }
  }

  async function kinds(outcomes: Record<string, object>, ...all: object[]) {
    const copies = [1, 2].map(() => new FakeCopy(outcomes as Record<string, typeof passes>))
    const told: { kind: string }[] = []
    const verdicts = await judge(all, copies, (verdict: { kind: string }) => told.push(verdict))
    expect(copies.map(({ applied }) => applied)).toEqual([undefined, undefined])
    return { verdicts, told, of: verdicts.map(({ kind }: { kind: string }) => kind) }
  }

  it('a mutant is found if one of its tests fails or does not end, and survives if all pass', async () => {
    const outcomes = { 'b far': fails, 'c near': { ...fails, isOverdue: true } }
    const { verdicts, of } = await kinds(outcomes, mutant('a'), mutant('b'), mutant('c'))
    expect(of).toEqual(['survived', 'found', 'found'])
    expect(verdicts.map(({ by }: { by?: string }) => by)).toEqual([
      undefined,
      'far: that it holds',
      'near does not end',
    ])
  })

  it('a mutant is not judged by tests that fail without it or do not exist', async () => {
    const outcomes = { 'none near': fails, 'none far': { ...passes, passed: 0 }, 'a near': fails }
    const { told, of } = await kinds(outcomes, mutant('a', [near]), mutant('b', [far]))
    expect(of).toEqual(['not judged', 'not judged'])
    expect(told.filter(({ kind }) => kind === 'red')).toMatchObject([
      { test: near, by: 'that it holds' },
      { test: far, by: 'it has no test of that name' },
    ])
  })

  it('a mutant is judged by its good tests, even if others fail without it', async () => {
    const outcomes = { 'none near': fails, 'a far': fails }
    expect((await kinds(outcomes, mutant('a'), mutant('b'))).of).toEqual(['found', 'not judged'])
  })

  it('a mutant that does not compile is not judged', async () => {
    expect((await kinds({}, mutant('uncompiled'))).of).toEqual(['not judged'])
  })

  it('a mutant that survives is reported with its place, and the score counts the judged ones', async () => {
    const { verdicts } = await kinds({ 'b near': fails }, mutant('a'), mutant('b'), mutant('uncompiled'))
    expect(summaryOf(verdicts)).toBe(
      '\nNo test finds:\n  a.ts:7  a  wrong\n    - a\n    + b\n\nNot judged:\n  uncompiled\n\nscore: 1 of 2 found (50.0 %)',
    )
    expect(lineOf({ ...verdicts[1], seconds: 1.25 })).toBe('found      b (1.3 s) near: that it holds')
  })
})

describe('a command with a time limit', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const run = (code: string, ms: number) => runLimited(['-e', code], { cwd: folder, env: {}, ms })

  it('a command with a time limit reports whether it ended well, badly or not at all', async () => {
    expect(await run('console.log(1)', 20_000)).toMatchObject({
      isGood: true,
      isOverdue: false,
      output: '1\n',
    })
    expect(await run('process.exit(3)', 20_000)).toMatchObject({ isGood: false, isOverdue: false })
    expect(await run('for (;;) ;', 200)).toMatchObject({ isGood: false, isOverdue: true })
  })

  it('a command with a time limit leaves none of its processes behind', async () => {
    const child = `require('node:fs').writeFileSync(String(process.pid), ''); setInterval(() => {}, 1000)`
    const start = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}])`
    await run(
      `${start}; setInterval(() => require('node:fs').readdirSync('.')[0] && process.exit(), 10)`,
      20_000,
    )
    const [pid] = readdirSync(folder)
    const state = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]![0]!
    await expect.poll(() => existsSync(`/proc/${pid}`) && state() !== 'Z').toBe(false)
  })
})
