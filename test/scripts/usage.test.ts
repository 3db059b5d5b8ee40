import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const SCRIPTS = join(import.meta.dirname, '../../scripts')

describe.each(['bench', 'soak', 'mutants'])('the options of npm run %s', (name) => {
  const run = (option: string) =>
    spawnSync(process.execPath, [join(SCRIPTS, name, 'run.mjs'), option], { encoding: 'utf8' })

  it('are printed by --help, which starts nothing', () => {
    const { status, stdout, stderr } = run('--help')
    expect(stdout).toMatch(`npm run ${name} [-- OPTIONS]`)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  it('are printed beside the error when one of them does not exist', () => {
    const { status, stdout, stderr } = run('--unheard-of')
    expect(stderr).toMatch(/^Unknown option '--unheard-of'/)
    expect(stderr).toMatch(`npm run ${name} [-- OPTIONS]`)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  })
})
