/**
 * Asks the admin address of a process, in JSON. Every failure is an error in words.
 */
import { type IncomingMessage, type RequestOptions, request } from 'node:http'
import { type Address, formatAddress } from '../address.js'
import { type ErrorCode, MillraceError, type Problem } from '../errors.js'

const ANSWER_WITHIN_MS = 10_000

export interface Target {
  readonly address: Address
  readonly token: string | undefined
}

/** The body of an answer that is an error. */
interface ProblemBody {
  readonly detail?: string
  readonly code?: string
  readonly problems?: readonly Problem[]
}

/** The command exits with another code if the config is at fault than if the process is. */
const OF_THE_CONFIG: ReadonlySet<string | undefined> = new Set(['config-invalid', 'config-unreadable'])

const WHY: Readonly<Record<string, string>> = {
  ECONNRESET: 'closed the connection without an answer',
  EPIPE: 'closed the connection without an answer',
  EACCES: 'does not allow this user',
}

export class AdminClient {
  readonly #target: Target
  #stream: IncomingMessage | undefined

  constructor(target: Target) {
    this.#target = target
  }

  get name(): string {
    return formatAddress(this.#target.address)
  }

  /** `isSlow`: the answer comes when the work is done, which may take long. Rejects with `admin-failed`. */
  async ask(method: string, path: string, body?: unknown, isSlow = false): Promise<unknown> {
    const response = await this.#send(method, path, body, isSlow)
    const text = await readText(response)
    if (response.statusCode === 200) return JSON.parse(text)
    throw toError(response, text)
  }

  /** The body of an event stream, piece by piece. */
  async listen(path: string): Promise<IncomingMessage> {
    const response = await this.#send('GET', path, undefined, false)
    if (response.statusCode !== 200) throw toError(response, await readText(response))
    response.setTimeout(0)
    this.#stream = response
    return response
  }

  /** Closes the event stream. */
  close(): void {
    this.#stream?.destroy()
  }

  #send(method: string, path: string, body: unknown, isSlow: boolean): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const sent = request(this.#options(method, path, text), resolve)
      if (!isSlow)
        sent.setTimeout(ANSWER_WITHIN_MS, () =>
          sent.destroy(new Error(`no answer for ${ANSWER_WITHIN_MS / 1000} s`)),
        )
      sent.on('error', (error) => reject(this.#unreachable(error)))
      sent.end(text)
    })
  }

  #options(method: string, path: string, body: string | undefined): RequestOptions {
    const { address, token } = this.#target
    const place =
      address.kind === 'unix' ? { socketPath: address.path } : { host: address.host, port: address.port }
    return {
      ...place,
      method,
      path,
      agent: false,
      headers: {
        host: 'localhost',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
      },
    }
  }

  #unreachable(error: NodeJS.ErrnoException): MillraceError {
    const { code = error.message } = error
    const sentence =
      WHY[code] === undefined
        ? `no millrace answers at ${this.name}: ${code}`
        : `${this.name} ${WHY[code]} (${code})`
    return new MillraceError('admin-failed', sentence, { cause: error })
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function toError({ statusCode }: IncomingMessage, text: string): MillraceError {
  const cause = parseProblem(text)
  const { detail = `the admin address answered with status ${statusCode}`, code, problems = [] } = cause
  const ours = OF_THE_CONFIG.has(code) ? (code as ErrorCode) : 'admin-failed'
  return new MillraceError(ours, detail, { problems, cause })
}

function parseProblem(text: string): ProblemBody {
  try {
    return JSON.parse(text) as ProblemBody
  } catch {
    return {}
  }
}
