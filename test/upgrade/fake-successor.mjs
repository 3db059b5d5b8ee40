// A successor that fails at a step. The file `step` beside the path that started it says where.
import { readFileSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

const CHANNEL_FD = 3
const step = readFileSync(join(dirname(process.argv[1]), 'step'), 'utf8')
const READY = { kind: 'ready', protocol: 1, version: '9.9.9' }
const tell = (message) => writeSync(CHANNEL_FD, `${JSON.stringify(message)}\n`)

if (step === 'exit') process.exit(3)
if (step === 'crash') process.kill(process.pid, 'SIGSEGV')
if (step === 'other-protocol') tell({ ...READY, protocol: 2 })
if (step === 'nonsense') tell({ kind: 'nonsense' })
if (step === 'garbage') writeSync(CHANNEL_FD, 'garbage\n')
if (step === 'no-channel') new Socket({ fd: CHANNEL_FD }).destroy()
if (step === 'ready') {
  tell(READY)
  process.exit(4)
}
if (step === 'state' || step === 'no-state') {
  const channel = new Socket({ fd: CHANNEL_FD, readable: true })
  createInterface({ input: channel }).on('line', (line) => {
    if (JSON.parse(line).kind !== 'state') return
    if (step === 'state') process.exit(5)
    tell({
      kind: 'failed',
      error: { code: 'wrong-state', message: 'it does not understand the state', problems: [] },
    })
  })
  tell(READY)
}
// With `silent` it never says anything.
setInterval(() => {}, 2 ** 30)
