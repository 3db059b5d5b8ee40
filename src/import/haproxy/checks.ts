/** Options of HAProxy that say what a check asks → `health.check`. */

import type { Call, DirectiveTable } from '../directive.js'
import { append, put } from '../draft.js'
import type { ProxyDraft } from './proxy-draft.js'

type ProxyCall = Call<ProxyDraft>

const NO_MATCH = 'millrace compares texts byte by byte: an agent can do what a script cannot'
/** A StartupMessage of version 3.0 that names this user (PostgreSQL documentation, "Message Formats"). */
function startUpHex(user: string): string {
  const body = Buffer.from(`user\0${user}\0\0`)
  const header = Buffer.alloc(8)
  header.writeUInt32BE(header.length + body.length, 0)
  header.writeUInt32BE(0x0003_0000, 4)
  return `hex:${Buffer.concat([header, body]).toString('hex')}`
}

const script =
  (...steps: readonly object[]) =>
  ({ into }: ProxyCall): void =>
    append(into.check, 'script', ...steps)

export const CHECK_DIRECTIVES: DirectiveTable<ProxyDraft> = {
  'option tcp-check': { becomes: 'script' },
  'option httpchk': {
    becomes: 'http',
    read: ({ args, into, line, remarks }) => {
      const [first = '', uri, version, ...header] = args
      put(into.check, 'http', {})
      if (uri !== undefined) put(into.check, 'http.method', first)
      const path = uri ?? first
      if (path !== '') put(into.check, 'http.path', path)
      const host = /host:\s*([\w.:-]+)/i.exec([version, ...header].join(' '))?.[1]
      if (host !== undefined) put(into.check, 'http.host', host)
      else if (version !== undefined && version !== 'HTTP/1.0' && version !== 'HTTP/1.1')
        remarks.leftOut(line, 'a check sends HTTP/1.1')
    },
  },
  'option redis-check': {
    becomes: 'script',
    read: script({ send: 'PING\r\n' }, { expect: '+PONG\r\n', at: 0 }),
  },
  'option pgsql-check': {
    becomes: 'script',
    read: ({ args, into }) => {
      const user = args[args.indexOf('user') + 1] ?? ''
      append(
        into.check,
        'script',
        { send: startUpHex(user === '' ? 'postgres' : user) },
        { expect: 'R', at: 0 },
      )
    },
  },
  'option mysql-check': { becomes: 'script', read: script({ expect: 'hex:0a', at: 4 }) },
  'option smtpchk': {
    becomes: 'script',
    read: script({ expect: '220', at: 0 }, { send: 'QUIT\r\n' }, { expect: '221' }),
  },
  'option ssl-hello-chk': {
    becomes: 'tls',
    read: ({ into }) => put(into.check, 'tls', { verify: false }),
  },
  'option ldap-check': { why: 'write the bytes of the request as a script, with "hex:"' },
  'option spop-check': { why: 'write the bytes of the request as a script, with "hex:"' },
  'option external-check': { why: 'run an agent beside the backend' },
  'external-check': { why: 'run an agent beside the backend' },
  'tcp-check send': {
    becomes: 'script',
    read: ({ args: [text = ''], into }) => append(into.check, 'script', { send: text }),
  },
  'tcp-check send-binary': {
    becomes: 'script',
    read: ({ args: [hex = ''], into }) => append(into.check, 'script', { send: `hex:${hex}` }),
  },
  'tcp-check expect': { becomes: 'script', read: readExpect },
  'tcp-check connect': {
    becomes: 'check',
    read: ({ args, into, line, remarks }) => {
      const port = args[args.indexOf('port') + 1]
      if (into.check.script !== undefined) remarks.leftOut(line, 'a script has one connection')
      else if (args.includes('port') && port !== undefined) put(into.check, 'port', Number(port))
      if (args.includes('ssl')) put(into.check, 'tls', { verify: false })
    },
  },
  'tcp-check comment': { becomes: 'script' },
  'tcp-check send-lf': { why: NO_MATCH },
  'tcp-check send-binary-lf': { why: NO_MATCH },
  'tcp-check set-var': { why: NO_MATCH },
  'tcp-check unset-var': { why: NO_MATCH },
  'http-check send': {
    becomes: 'http',
    read: ({ args, into, line, remarks }) => {
      for (let at = 0; at < args.length; at += 2) {
        const [name, value = ''] = [args[at], args[at + 1]]
        if (name === 'meth') put(into.check, 'http.method', value)
        else if (name === 'uri') put(into.check, 'http.path', value)
        else if (name === 'hdr' && value.toLowerCase() === 'host')
          put(into.check, 'http.host', args[++at + 1] ?? '')
        else if (name !== 'ver') remarks.leftOut(line, 'a check sends no other fields and no body')
        if (name === 'hdr' && value.toLowerCase() !== 'host') at++
      }
    },
  },
  'http-check expect': {
    becomes: 'http',
    read: ({ args, into, line, remarks }) => {
      const [how, what = ''] = args
      if (how === 'status' && /^[\d,-]+$/.test(what)) put(into.check, 'http.status', what.split(','))
      else remarks.leftOut(line, 'a check compares only the status: let an agent decide')
    },
  },
  'http-check disable-on-404': { why: 'let an agent say "drain"' },
  'http-check send-state': { why: 'a check sends no other fields' },
  'http-check *': { why: 'let an agent decide' },
}

function readExpect({ args, into, line, remarks }: ProxyCall): void {
  const words = args.filter((_, index) => !['comment', 'min-recv'].includes(args[index - 1] ?? ''))
  const [how, what] = words.filter((word) => word !== 'comment' && word !== 'min-recv')
  if (what === undefined || (how !== 'string' && how !== 'binary')) {
    remarks.leftOut(line, NO_MATCH)
    return
  }
  append(into.check, 'script', { expect: how === 'binary' ? `hex:${what}` : what })
}
