/**
 * Turns a question of the command line into a request, and its answer into what is printed.
 */
import type { Change } from '../config/changes/change.js'
import { jsonText, visible } from '../escape.js'
import { AdminClient } from './client.js'
import { findTarget } from './find-target.js'
import { requestOf } from './requests/requests.js'
import { runTop } from './top/top.js'
import type { Asking, Question } from './verbs/question.js'

const JSON_INDENT = 2
/** The reader of stdout has closed it. The terminal is gone. */
const NOBODY_READS: ReadonlySet<string | undefined> = new Set(['EPIPE', 'EIO'])

/**
 * Rejects with `admin-failed`. If a reload fails because of the config, it rejects with `config-invalid` or
 * `config-unreadable`. With `--json`, errors are printed as JSON too, those of `top` on one line.
 */
export async function ask(question: Question, asking: Asking, addSpec: AddSpec): Promise<void> {
  leaveWithTheReader()
  try {
    await tell(await completed(question, addSpec), asking)
  } catch (error) {
    if (asking.isJson) print(jsonText(problemOf(error), question.verb === 'top' ? undefined : JSON_INDENT))
    throw error
  }
}

/** Reads the text of `--spec`. Only a few questions need the files for that. */
export type AddSpec = (change: Change, spec: string) => Promise<Change>

async function completed(question: Question, addSpec: AddSpec): Promise<Question> {
  if (question.verb !== 'change' || question.spec === undefined) return question
  return { ...question, change: await addSpec(question.change, question.spec) }
}

async function tell(question: Question, asking: Asking): Promise<void> {
  const client = new AdminClient(await findTarget(asking, process.env))
  if (question.verb === 'top') {
    await runTop(client, { isOnce: question.isOnce, isJson: asking.isJson })
    return
  }
  const { method, path, body, isSlow, lines } = requestOf(question)
  const answer = await client.ask(method, path, body, isSlow)
  // A script that drains before it does something else must learn that connections go on.
  if ((answer as { cancelled?: true }).cancelled) process.exitCode = 1
  print(asking.isJson ? jsonText(answer, JSON_INDENT) : lines(answer).map(visible).join('\n'))
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)

/** The reader of stdout, such as head(1), may close it early. */
function leaveWithTheReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (NOBODY_READS.has(error.code)) process.exit(0)
    throw error
  })
}

/** The problem as the API answered it. If nobody answered, one in the same shape. */
function problemOf(error: unknown): object {
  const { cause, message } = error as Error
  const isAnswer = typeof cause === 'object' && cause !== null && 'status' in cause
  return isAnswer ? cause : { type: 'about:blank', title: 'No answer', detail: message }
}
