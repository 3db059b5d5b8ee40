/**
 * The OpenAPI 3.1 document, made of the table of operations. Pure.
 */
import { z } from 'zod'
import { VERSION } from '../../version.js'
import { METRICS_TYPE } from '../http/answer.js'
import { OPERATIONS, type Operation } from './operations.js'

const JSON_TYPE = 'application/json'
const PROBLEM_TYPE = 'application/problem+json'

const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    problems: {
      type: 'array',
      items: {
        type: 'object',
        required: ['file', 'line', 'column', 'path', 'message'],
        properties: {
          file: { type: 'string' },
          line: { type: 'integer' },
          column: { type: 'integer' },
          path: { type: 'string' },
          message: { type: 'string' },
        },
      },
    },
  },
}

/** What is answered in another form than JSON, or without a token. */
interface PlainOperation {
  readonly path: string
  readonly summary: string
  readonly type: string
  readonly statuses: Readonly<Record<number, string>>
  readonly isOpen?: true
}

const TEXT = 'text/plain; charset=utf-8'
const PLAIN_OPERATIONS: readonly PlainOperation[] = [
  {
    path: '/api/v1/events',
    summary: 'Once a second: { status, connections (the busiest), mayChange }',
    type: 'text/event-stream; charset=utf-8',
    statuses: {
      200: 'events named "status": what is lively of it, until one of both goes',
      503: 'too many listen already',
    },
  },
  {
    path: '/metrics',
    summary: 'The status as Prometheus reads it',
    type: METRICS_TYPE,
    statuses: { 200: 'done' },
  },
  {
    path: '/livez',
    summary: 'Whether the process serves',
    type: TEXT,
    statuses: { 200: 'it does' },
    isOpen: true,
  },
  {
    path: '/readyz',
    summary: 'Whether every listener accepts',
    type: TEXT,
    statuses: { 200: 'they do', 503: 'it drains, or a listener does not listen' },
    isOpen: true,
  },
  {
    path: '/openapi.json',
    summary: 'This document',
    type: JSON_TYPE,
    statuses: { 200: 'done' },
  },
]

/** Why what is asked may be refused. */
const REFUSALS: Readonly<Record<number, string>> = {
  400: 'no JSON, no Host, or a path that is none',
  401: 'no token, or a wrong one',
  403: 'nothing can be changed here, or not by a page of another site',
  404: 'no listener, cluster, backend or connection of that name',
  409: 'not in this state',
  413: 'the body is too large',
  415: 'the body is no JSON by its type',
  421: 'addressed by a name that is not of here',
  422: 'fields that make no sense',
}

export function openApiDocument(): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const plain of PLAIN_OPERATIONS) paths[plain.path] = { get: describePlain(plain) }
  for (const operation of OPERATIONS) {
    const method = operation.method.toLowerCase()
    paths[operation.path] = { ...paths[operation.path], [method]: describe(operation) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'millrace admin', version: VERSION },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: PROBLEM_SCHEMA },
    },
    // On a unix socket nobody asks for a token.
    security: [{ bearer: [] }, {}],
    paths,
  }
}

function describe(operation: Operation): Record<string, unknown> {
  const { method, path, summary, query, body, answer } = operation
  return {
    operationId: operationId(method, path),
    summary,
    parameters: [...pathParameters(path), ...queryParameters(query)],
    ...(body && { requestBody: { required: true, content: { [JSON_TYPE]: { schema: inputSchema(body) } } } }),
    responses: {
      200: { description: 'done', content: { [JSON_TYPE]: { schema: z.toJSONSchema(answer) } } },
      ...refusals(statusesOf(operation)),
    },
  }
}

function describePlain({ path, summary, type, statuses, isOpen }: PlainOperation): Record<string, unknown> {
  const schema = { type: type === JSON_TYPE ? 'object' : 'string' }
  const answers = Object.entries(statuses).map(([status, description]) => [
    status,
    { description, content: { [type]: { schema } } },
  ])
  return {
    operationId: operationId('get', path),
    summary,
    ...(isOpen && { security: [] }),
    responses: { ...Object.fromEntries(answers), ...refusals(isOpen ? [400, 421] : [400, 401, 421]) },
  }
}

/** What those can be told who ask for this. */
function statusesOf({ method, body, refusals = [] }: Operation): number[] {
  const ofChanges = method === 'GET' ? [] : [403]
  const ofBodies = body === undefined ? [] : [413, 415]
  return [400, 401, ...ofChanges, ...refusals, ...ofBodies, 421, 422]
}

function refusals(statuses: readonly number[]): Record<string, object> {
  const content = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } }
  const told = statuses.map((status) => [status, { description: REFUSALS[status], content }])
  return { ...Object.fromEntries(told), default: { description: 'something else is wrong', content } }
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters(query: z.ZodType | undefined): object[] {
  if (query === undefined) return []
  // Of a query string everything is text: what it means is what it is judged as.
  const { properties = {} } = z.toJSONSchema(query) as { properties?: Record<string, unknown> }
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }))
}

const inputSchema = (schema: z.ZodType): object => z.toJSONSchema(schema, { io: 'input' })

function operationId(method: string, path: string): string {
  const words = path.replace('/api/v1/', '').split(/\W+/).filter(Boolean)
  return [method.toLowerCase(), ...words].join('-')
}
