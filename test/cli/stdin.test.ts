/** A config from standard input, which can be read only once. */
import { describe, expect, it } from 'vitest'
import { Millrace, runMillrace } from '../support/millrace.js'

const CONFIG = JSON.stringify({
  listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back' }],
  clusters: { back: { backends: ['127.0.0.1:9'] } },
  admin: false,
})

describe('--config -', () => {
  it('millrace serves the config of standard input, and a reload says that it cannot be read again', async () => {
    const millrace = new Millrace(['--config', '-'], { input: CONFIG })
    await millrace.logged(({ msg }) => msg.startsWith('listening on'))
    millrace.program.child.kill('SIGHUP')
    const line = await millrace.logged(({ err }) => err !== undefined)
    expect(JSON.stringify(line)).toContain('the config came from standard input, which cannot be read again')
    expect(await millrace.stop()).toEqual({ code: 0, signal: null })
  })

  it('`millrace check -` checks standard input, and its problems are in stdin', async () => {
    expect(await runMillrace(['check', '-'], { input: CONFIG })).toMatchObject({
      code: 0,
      stdout: 'stdin is good\n',
    })
    const { code, stderr } = await runMillrace(['check', '-'], { input: '{}' })
    expect({ code, stderr }).toMatchObject({
      code: 78,
      stderr: expect.stringMatching(/^stdin:1:1 listeners: /),
    })
  })
})
