/**
 * The forward proxy of a cluster, as a config says it: a URL, or a map. No message shows what could hold the password.
 */
import * as z from 'zod'
import type { ForwardProxyOptions } from '../../via/forward-proxy.js'
import {
  explainCredential,
  FORMS,
  forwardProxyOf,
  parseProxyAddress,
  partsOfUrl,
  Wrong,
} from '../values/via-parts.js'
import * as fields from './fields.js'

/** A text that no message shows. */
const hidden = (what: string) =>
  fields.secretField(what).superRefine((text, context) => {
    const message = explainCredential(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message: `expected ${what}: ${message}` })
  })

const proxyAddress = fields.addressField(parseProxyAddress)

const map = fields
  .strictMap(`${FORMS}, or a map: { socks5: HOST:PORT }`, {
    socks5: fields.optional(proxyAddress),
    http: fields.optional(proxyAddress),
    user: fields.optional(hidden('a user')),
    password: fields.optional(hidden('a password')),
    passwordFile: fields.optional(fields.textField('the path of a file')),
  })
  .transform((written, context) => {
    const proxy = forwardProxyOf(written)
    if (!(proxy instanceof Wrong)) return proxy
    context.addIssue({ code: 'custom', message: proxy.message, path: [...proxy.path] })
    return z.NEVER
  })

/** A URL becomes a map first, so that both forms have the same rules. */
const urlOrMap = z.unknown().transform((value, context) => {
  const parts = typeof value === 'string' ? partsOfUrl(value) : value
  if (typeof parts !== 'string') return parts
  context.addIssue({ code: 'custom', message: parts })
  return z.NEVER
})

export const viaField: z.ZodType<ForwardProxyOptions | undefined> = fields.optional(urlOrMap.pipe(map))
