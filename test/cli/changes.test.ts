/** The command with a state file: what an operator changes by verbs goes on after a reload and after a restart. */
import { afterEach, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { VerbsRig } from './verbs-rig.js'

const folder = temporaryFolder()
let rig: VerbsRig
afterEach(() => rig.end())

it('a restart goes on with what was added and removed, and says what the file does not have', async () => {
  rig = await VerbsRig.start(folder)
  await rig.millrace.program.kill()
  const config = { ...rig.config(), state: `${folder}/state.json` }
  await rig.run(config)
  expect(await rig.ask('remove listener redis')).toMatchObject({
    code: 0,
    stdout: 'removed listener redis\n',
  })
  expect(await rig.ask('add cluster pg --to 10.0.0.6:5432')).toMatchObject({
    code: 1,
    stderr: 'millrace: cluster pg is there with other values: remove it first\n',
  })
  expect(await rig.ask('add backend pg 10.0.0.6:5432 --weight 2000')).toMatchObject({ code: 2 })
  const spec = ['add', 'backend', 'pg', '10.0.0.6:5432', '--spec', '{ tier: 1, weigth: 2 }']
  const refused = await rig.askWith(spec)
  expect(refused).toMatchObject({ code: 78 })
  expect(refused.stderr).toContain('add backend pg/10.0.0.6:5432 clusters.pg.backends[1].weigth: unknown key')
  expect(await rig.askWith(spec.with(5, '{ tier: 1 }'))).toMatchObject({ code: 0 })
  await rig.millrace.stop()
  await rig.run({ ...config, listeners: config.listeners.slice(0, 1) })
  expect((await rig.ask('diff')).stdout).toBe(
    '+ backend pg/10.0.0.6:5432: {"tier":1,"address":"10.0.0.6:5432"}\n',
  )
  const { stdout } = await rig.ask('status')
  expect(stdout).toContain('10.0.0.6:5432')
  expect(stdout).toContain('\n1 change at run time is not in the config file (millrace diff)\n')
  expect((await rig.ask('reload')).stdout).toBe(
    'nothing changed in the config\nnot in the file, and kept: add backend pg/10.0.0.6:5432\n',
  )
})
