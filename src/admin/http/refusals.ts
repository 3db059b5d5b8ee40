/**
 * Answers bytes that are not a request, and requests that nobody serves. The answer is a problem, as with
 * every other refusal, as long as the caller can still read it.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { answerProblem, problemText } from './answer.js'
import type { Callers } from './callers.js'
import { ProblemError } from './problem.js'

/** ms in which the caller can read the answer before the connection is gone. */
const LINGER_MS = 1000

interface ParseError extends NodeJS.ErrnoException {
  /** Set if the parser found the error. */
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
    tell(stream as Socket, new ProblemError(405, 'the method CONNECT is not supported'))
  })
  server.on('checkExpectation', ({ headers }: IncomingMessage, response: ServerResponse) => {
    const detail = `the header Expect: ${JSON.stringify(headers.expect)} is not supported: only 100-continue is`
    answerProblem(response, new ProblemError(417, detail, { headers: { connection: 'close' } }))
  })
}

/** Undefined: no caller is left to read an answer. */
function problemOf({ code = '', reason }: ParseError): ProblemError | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new ProblemError(408, 'the request was not complete after 5 s')
  if (code === 'HPE_HEADER_OVERFLOW')
    return new ProblemError(431, 'the path and the headers of a request may have at most 8 KiB')
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new ProblemError(413, 'the chunk extensions of the body are too long')
  return code.startsWith('HPE_')
    ? new ProblemError(400, `the request is no HTTP: ${reason ?? code}`)
    : undefined
}
