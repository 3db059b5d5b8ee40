/**
 * Reads the body of a request: JSON of a bounded size, checked against a schema. Reads a query string in the
 * same way.
 */
import type { IncomingMessage } from 'node:http'
import type * as z from 'zod'
import { ProblemError } from '../http/problem.js'

const USUAL_MOST_BYTES = 16 * 1024
const MOST_TOLD = 10

/** @throws ProblemError 413, 415, 400, 422 */
export async function readBody(
  request: IncomingMessage,
  schema: z.ZodType,
  mostBytes = USUAL_MOST_BYTES,
): Promise<unknown> {
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new ProblemError(415, `expected a body of type application/json, found ${JSON.stringify(type)}`)
  }
  return judge(parse(await readText(request, mostBytes)), schema)
}

/** @throws ProblemError 422 */
export function readQuery(parameters: URLSearchParams, schema: z.ZodType): unknown {
  const query: Record<string, unknown> = Object.create(null)
  for (const name of new Set(parameters.keys())) {
    const values = parameters.getAll(name)
    query[name] = values.length === 1 ? values[0] : values
  }
  return judge({ ...query }, schema)
}

async function readText(request: IncomingMessage, mostBytes: number): Promise<string> {
  const tooLarge = new ProblemError(413, `the body may have at most ${mostBytes} bytes`, {
    headers: { connection: 'close' },
  })
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw tooLarge
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of piecesOf(request)) {
    bytes += chunk.length
    if (bytes > mostBytes) throw tooLarge
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** A body that never ends is the caller's mistake. */
async function* piecesOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* request.iterator({ destroyOnReturn: false })
  } catch {
    throw new ProblemError(400, 'the connection broke before the body was complete')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ProblemError(400, `the body is not JSON: ${error instanceof Error ? error.message : error}`)
  }
}

function judge(value: unknown, schema: z.ZodType): unknown {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const sentences = result.error.issues.slice(0, MOST_TOLD).map(({ path, message }) => {
    const place = path.join('.')
    return place === '' ? message : `${place}: ${message}`
  })
  throw new ProblemError(422, sentences.join('; '))
}
