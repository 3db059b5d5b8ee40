/**
 * What HTTP itself cannot make a request of, or nobody serves: answered as every other refusal is, with a problem, where
 * the caller can still be told.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { answerProblem, problemText } from './answer.js'
import type { Callers } from './callers.js'
import { ProblemError } from './problem.js'

/** For the answer to be read before the connection is gone (ms). */
const LINGER_MS = 1000

interface ParseError extends NodeJS.ErrnoException {
  /** Of a parser's error. */
  readonly reason?: string
}

export function tellRefusals(server: Server, callers: Callers): void {
  const refused = new WeakSet<Socket>()
  const tell = (socket: Socket, problem: ProblemError): void => {
    if (refused.has(socket)) return
    refused.add(socket)
    socket.end(problemText(problem))
    socket.on('error', () => {}).resume()
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  }
  server.on('clientError', (error: ParseError, stream) => {
    const socket = stream as Socket
    const problem = problemOf(error)
    if (problem !== undefined && socket.writable && callers.isListening(socket)) tell(socket, problem)
    else if (!refused.has(socket)) socket.destroy()
  })
  server.on('connect', (_, stream) => {
    tell(stream as Socket, new ProblemError(405, 'CONNECT is nothing that can be done here'))
  })
  server.on('checkExpectation', ({ headers }: IncomingMessage, response: ServerResponse) => {
    const detail = `nobody here can do what is expected: ${JSON.stringify(headers.expect)}`
    answerProblem(response, new ProblemError(417, detail, { headers: { connection: 'close' } }))
  })
}

/** Undefined where nobody is left to be told. */
function problemOf({ code = '', reason }: ParseError): ProblemError | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new ProblemError(408, 'a request has 5 s to be sent in')
  if (code === 'HPE_HEADER_OVERFLOW')
    return new ProblemError(431, 'a request has at most 8 KiB before its body')
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new ProblemError(413, 'extensions of chunks are too long')
  return code.startsWith('HPE_') ? new ProblemError(400, `this is no HTTP: ${reason ?? code}`) : undefined
}
