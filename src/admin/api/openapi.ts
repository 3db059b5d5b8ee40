/**
 * Makes the OpenAPI 3.1 document from the table of operations. Pure.
 */
import * as z from 'zod'
import { VERSION } from '../../version.js'
import { METRICS_TYPE } from '../http/answer.js'
import type { Operation } from './operations/operation.js'
import { OPERATIONS } from './operations/operations.js'

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

/** An operation whose answer is not JSON, or that needs no token. */
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
      200: 'events named "status", without rows that are 0 or gone, until one side closes',
      503: 'too many event streams are open',
    },
  },
  {
    path: '/metrics',
    summary: 'The status in the format of Prometheus',
    type: METRICS_TYPE,
    statuses: { 200: 'done' },
  },
  {
    path: '/livez',
    summary: 'Whether the process serves',
    type: TEXT,
    statuses: { 200: 'the process serves' },
    isOpen: true,
  },
  {
    path: '/readyz',
    summary: 'Whether millrace takes clients: a listener accepts, and no drain of everything runs',
    type: TEXT,
    statuses: { 200: 'ready', 503: 'everything drains, no listener accepts, or a worker is missing' },
    isOpen: true,
  },
  {
    path: '/openapi.json',
    summary: 'This document',
    type: JSON_TYPE,
    statuses: { 200: 'done' },
  },
]

/** Why a request may be refused. */
const REFUSALS: Readonly<Record<number, string>> = {
  400: 'invalid JSON, an invalid path, or no Host header',
  401: 'no token, or a wrong token',
  403: 'admin.readOnly is set, or a page of another site asks',
  404: 'there is no listener, cluster, backend or connection of that name',
  409: 'not possible in this state',
  413: 'the body is too large',
  415: 'the Content-Type of the body is not application/json',
  421: 'the Host header is not loopback and not in admin.hosts',
  422: 'fields are invalid',
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
    // A unix socket needs no token.
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

/** The statuses with which this operation may be refused. */
function statusesOf({ method, body, refusals = [] }: Operation): number[] {
  const ofChanges = method === 'GET' ? [] : [403]
  const ofBodies = body === undefined ? [] : [413, 415]
  return [400, 401, ...ofChanges, ...refusals, ...ofBodies, 421, 422]
}

function refusals(statuses: readonly number[]): Record<string, object> {
  const content = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } }
  const told = statuses.map((status) => [status, { description: REFUSALS[status], content }])
  return { ...Object.fromEntries(told), default: { description: 'another error', content } }
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
  // In a query string every value is text. The schema tells what the text has to mean.
  const { properties = {} } = z.toJSONSchema(query) as { properties?: Record<string, unknown> }
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }))
}

const inputSchema = (schema: z.ZodType): object => z.toJSONSchema(schema, { io: 'input' })

function operationId(method: string, path: string): string {
  const words = path.replace('/api/v1/', '').split(/\W+/).filter(Boolean)
  return [method.toLowerCase(), ...words].join('-')
}
