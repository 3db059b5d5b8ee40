/**
 * The OpenAPI 3.1 document, made of the table of operations. Pure.
 */
import { z } from 'zod'
import { VERSION } from '../version.js'
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

export function openApiDocument(): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
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
      default: {
        description: 'it could not be done',
        content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
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
  const { properties = {} } = inputSchema(query) as { properties?: Record<string, unknown> }
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }))
}

const inputSchema = (schema: z.ZodType): object => z.toJSONSchema(schema, { io: 'input' })

function operationId(method: string, path: string): string {
  const words = path.replace('/api/v1/', '').split(/\W+/).filter(Boolean)
  return [method.toLowerCase(), ...words].join('-')
}
