/** The sends and expects of a script check, and what the answers mean. Pure. */
import type { ProbeResult, ScriptCheck, ScriptStep } from './check.js'
import { type Conversation, over, send, WAIT } from './conversation.js'

type Expect = Extract<ScriptStep, { readonly expect: string }>

const MOST_SHOWN = 60

/** `isInTls`: the conversation is inside TLS. A script that expects nothing has shown no more than that. */
export function scriptConversation({ steps }: ScriptCheck, isInTls: boolean): Conversation<ProbeResult> {
  const expects = steps.some((step) => 'expect' in step)
  const reason = expects ? 'L7OK' : isInTls ? 'L6OK' : 'L4OK'
  const left = [...steps]
  return {
    next: (received) => {
      for (;;) {
        const [step] = left
        if (step === undefined) return over({ passed: true, reason, detail: undefined })
        const verdict = 'send' in step ? 'send' : compare(step, received)
        if (verdict === 'differs')
          return over({ passed: false, reason: 'L7RSP', detail: explain(step, received) })
        if (verdict === 'open') return WAIT
        left.shift()
        if ('send' in step) return send(Buffer.from(step.send, 'latin1'))
      }
    },
    explain: (received) => explain(left[0], received),
  }
}

/** `open`: more bytes may decide it. */
function compare({ expect, at }: Expect, received: Buffer): 'matches' | 'differs' | 'open' {
  const expected = Buffer.from(expect, 'latin1')
  if (at === undefined) return received.includes(expected) ? 'matches' : 'open'
  const found = received.subarray(at, at + expected.length)
  if (!found.equals(expected.subarray(0, found.length))) return 'differs'
  return found.length === expected.length ? 'matches' : 'open'
}

function explain(step: ScriptStep | undefined, received: Buffer): string {
  if (step === undefined || 'send' in step) return 'nothing was expected'
  const where = step.at === undefined || step.at === 0 ? '' : ` at byte ${step.at}`
  const got = received.length === 0 ? 'nothing' : quote(received.toString('latin1', 0, MOST_SHOWN + 1))
  return `expected ${quote(step.expect)}${where}, got ${got}`
}

/** One byte more than it shows tells that there are more. */
const quote = (text: string): string =>
  JSON.stringify(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text)
