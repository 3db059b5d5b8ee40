// A successor that fails at a step. The file `step` beside the path that started it says where.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const step = readFileSync(join(dirname(process.argv[1]), 'step'), 'utf8')
const READY = { kind: 'ready', protocol: 1, version: '9.9.9' }

if (step === 'exit') process.exit(3)
if (step === 'crash') process.kill(process.pid, 'SIGSEGV')
if (step === 'other-protocol') process.send({ ...READY, protocol: 2 })
if (step === 'nonsense') process.send({ kind: 'nonsense' })
if (step === 'no-channel') process.disconnect()
if (step === 'ready') process.send(READY, () => process.exit(4))
if (step === 'state') {
  process.on('message', ({ kind }) => kind === 'state' && process.exit(5))
  process.send(READY)
}
// With `silent` it never says anything.
setInterval(() => {}, 2 ** 30)
