/** The sections `global` and `resolvers` of HAProxy, each by a table. */
import type { Call, DirectiveTable } from '../directive.js'
import { append, type Fields, put } from '../draft.js'
import { formatTime, parseTime } from '../durations.js'

/** What these sections say, for the config as a whole and for other sections. */
export interface GeneralDraft {
  readonly fields: Fields
  /** Percent. */
  spreadChecks: number | undefined
  crtBase: string
  caBase: string
}

type GeneralCall = Call<GeneralDraft>

const BY_SYSTEM = 'systemd or your container does it'
const OF_NODE = 'TLS versions and ciphers are those of Node'

const number =
  (path: string) =>
  ({ args: [text = ''], into, line, remarks }: GeneralCall): void => {
    if (/^\d{1,9}$/.test(text)) put(into.fields, path, Number(text))
    else remarks.leftOut(line, `"${text}" is no number`)
  }
const time =
  (path: string) =>
  ({ args: [text = ''], into, line, remarks }: GeneralCall): void => {
    const ms = parseTime(text, 'ms')
    if (ms === undefined) remarks.leftOut(line, `"${text}" is no time`)
    else put(into.fields, path, formatTime(ms))
  }

export const GLOBAL_DIRECTIVES: DirectiveTable<GeneralDraft> = {
  maxconn: { becomes: 'limits.maxConnections', read: number('limits.maxConnections') },
  nbthread: { becomes: 'workers', read: number('workers') },
  nbproc: { becomes: 'workers', read: number('workers') },
  'hard-stop-after': { becomes: 'drainMs', read: time('timeouts.drainMs') },
  grace: { becomes: 'graceMs', read: time('timeouts.graceMs') },
  'spread-checks': {
    becomes: 'jitterPercent',
    read: ({ args: [percent = ''], into }) => {
      into.spreadChecks = Math.min(50, Number(percent) || 0)
    },
  },
  'crt-base': {
    becomes: 'tls',
    read: ({ args: [folder = ''], into }) => {
      into.crtBase = folder
    },
  },
  'ca-base': {
    becomes: 'tls',
    read: ({ args: [folder = ''], into }) => {
      into.caBase = folder
    },
  },
  log: { why: 'millrace writes JSON lines to stdout or a file: see "log"' },
  'log-*': { why: 'millrace writes JSON lines to stdout or a file: see "log"' },
  'stats *': { why: 'millrace has an admin address: see "admin"' },
  user: { why: BY_SYSTEM },
  group: { why: BY_SYSTEM },
  uid: { why: BY_SYSTEM },
  gid: { why: BY_SYSTEM },
  chroot: { why: BY_SYSTEM },
  daemon: { why: BY_SYSTEM },
  pidfile: { why: 'start millrace with --pid-file' },
  'master-worker': { becomes: 'workers' },
  'ulimit-n': { why: 'the limit of file descriptors is that of the system' },
  'strict-limits': { becomes: 'limits' },
  'set-dumpable': { why: BY_SYSTEM },
  setenv: { why: 'set the variable where millrace starts' },
  presetenv: { why: 'set the variable where millrace starts' },
  maxpipes: { why: 'pinnedMemoryBytes limits the memory of kernel pipes' },
  'tune.pipesize': { why: 'kernelPipeBytes is the size of a kernel pipe' },
  'tune.*': { why: 'millrace has no such setting' },
  'ssl-*': { why: OF_NODE },
  'cpu-map': { why: BY_SYSTEM },
  'thread-*': { why: BY_SYSTEM },
  'lua-*': { why: 'route functions of the library decide in JavaScript' },
  'description*': { becomes: 'name' },
  node: { becomes: 'name' },
  localpeer: { why: 'millrace has no peers' },
  'server-state-*': { why: 'a reload keeps the state, because the process stays' },
  'load-server-state*': { why: 'a reload keeps the state, because the process stays' },
  'close-spread-time': { why: 'timeouts.drainMs and millrace drain --spread end connections one by one' },
  'no*': { why: 'millrace has no such setting' },
  '*': { why: 'millrace has no such setting' },
}

export const RESOLVERS_DIRECTIVES: DirectiveTable<GeneralDraft> = {
  nameserver: {
    becomes: 'names.servers',
    read: ({ args: [, address = ''], into, line, remarks }) => {
      const server = address.replace(/^(udp\d?|tcp\d?)@/, '')
      if (/^[\d.]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i.test(server)) append(into.fields, 'names.servers', server)
      else remarks.leftOut(line, 'a DNS server is an IP address')
    },
  },
  'parse-resolv-conf': { becomes: 'names.servers' },
  resolve_retries: { becomes: 'names.tries', read: number('names.tries') },
  'timeout retry': { becomes: 'names.timeoutMs', read: time('names.timeoutMs') },
  'timeout resolve': { why: 'how often millrace asks follows from the TTL' },
  'hold valid': { why: 'the TTL decides, between names.minTtlMs and names.maxTtlMs' },
  'hold nx': { why: 'names.emptyAnswers and names.emptyForMs say when an empty answer is believed' },
  'hold obsolete': { why: 'names.emptyAnswers and names.emptyForMs say when an empty answer is believed' },
  'hold *': { why: 'a failure never takes an address away' },
  accepted_payload_size: { why: 'millrace accepts 1232 bytes by UDP, and more by TCP' },
}
