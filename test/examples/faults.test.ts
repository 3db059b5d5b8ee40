/** The examples of millrace/faults run with the test runners that they are for. */
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { run } from '../support/programs.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const folder = temporaryFolder()

it('faults-node.test.mjs passes with node --test', async () => {
  const { code, stdout } = await run(process.execPath, [
    '--test',
    join(ROOT, 'examples/faults-node.test.mjs'),
  ])
  expect({ code, passed: /^# pass (\d+)$/m.exec(stdout)?.[1] }, stdout).toEqual({ code: 0, passed: '3' })
})

it('faults-vitest.test.ts passes in a project that has installed vitest and millrace', async () => {
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules/millrace'))
  symlinkSync(join(ROOT, 'node_modules/vitest'), join(folder, 'node_modules/vitest'))
  copyFileSync(join(ROOT, 'examples/faults-vitest.test.ts'), join(folder, 'faults-vitest.test.ts'))
  const command = join(folder, 'node_modules/vitest/vitest.mjs')
  const { code, stdout, stderr } = await run(
    process.execPath,
    [command, 'run', '--root', folder, '--reporter=json'],
    {
      cwd: folder,
    },
  )
  expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ success: true, numPassedTests: 6 })
})
