/**
 * Writes an answer: the headers that every answer has, and a body of one kind or another.
 */
import { type ServerResponse, STATUS_CODES } from 'node:http'
import { jsonText } from '../../escape.js'
import type { ProblemError } from './problem.js'

/** The page loads nothing from elsewhere, runs nothing inline, and stands in nobody's frame. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

export const JSON_TYPE = 'application/json'
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function answerBytes(
  response: ServerResponse,
  status: number,
  type: string,
  bytes: Buffer | string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const length = Buffer.byteLength(bytes)
  response.writeHead(status, {
    ...COMMON_HEADERS,
    ...headers,
    'content-type': type,
    'content-length': length,
  })
  response.end(bytes)
}

export function answerText(response: ServerResponse, status: number, text: string): void {
  answerBytes(response, status, 'text/plain; charset=utf-8', `${text}\n`)
}

export function answerJson(response: ServerResponse, value: unknown): void {
  answerBytes(response, 200, JSON_TYPE, jsonText(value))
}

export function answerProblem(response: ServerResponse, problem: ProblemError): void {
  const { status, headers } = problem
  answerBytes(response, status, 'application/problem+json', jsonText(problem), headers)
}

/** For a caller that has sent no request to which Node makes a response. The connection ends after it. */
export function problemText(problem: ProblemError): string {
  const { status } = problem
  const body = jsonText(problem)
  const headers = {
    ...COMMON_HEADERS,
    connection: 'close',
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`
}
