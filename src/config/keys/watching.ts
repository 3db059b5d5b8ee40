/** Keys for people who watch and operate millrace: the log, and the admin address. */
import { type KeyTable, NOT_SET, REQUIRED } from './key-words.js'

export const LOG_KEYS: KeyTable = {
  'log.level': {
    does: 'The lowest level that millrace logs. Records have the level `info`: from `warn` on there are no records, not even those of `always`',
    takes: '`trace`, `debug`, `info`, `warn`, `error`, `fatal`, `silent`',
    default: '`info`',
  },
  'log.file': {
    does: 'The file to append to. After you have moved the file, SIGUSR2 opens it again. If the disk is full, traffic goes on, lines are lost, and the metrics count lost records',
    takes: 'path of a file',
    default: 'stdout',
  },
  'log.format': {
    does: 'The form of each line. `json`: a JSON object. `pretty`: text for people. `journald`: the JSON object with a [priority](systemd.md#the-journal) such as `<4>` in front, for a service of systemd',
    takes: '`json`, `pretty`, `journald`',
    default: '`pretty` on a terminal, else `json`',
  },
  'log.syslog': {
    does: 'Where every line of the log [also goes](records.md#syslog), by syslog (RFC 5424). The file or stdout stays',
    takes: 'map',
    default: 'nowhere',
  },
  'log.syslog.address': {
    does: 'The receiver. A host name is looked up again every 30 s. A unix socket needs the addon',
    takes: '`udp://HOST`, `udp://HOST:PORT` (without a port: 514), or `unix:/dev/log`',
    default: REQUIRED,
    zero: 'an error',
  },
  'log.syslog.facility': {
    does: 'The facility of all messages',
    takes:
      '`kern`, `user`, `mail`, `daemon`, `auth`, `syslog`, `lpr`, `news`, `uucp`, `cron`, `authpriv`, `ftp`, `local0` to `local7`',
    default: '`daemon`',
  },
  'log.syslog.maxBytes': {
    does: 'The most bytes of a message. A longer one is cut at its end. Receivers have such a limit, too',
    takes: '[size](#durations-and-sizes), `480` to `65000`',
    default: '`1452` with UDP: that fits into one packet of an Ethernet. `8192` with a unix socket',
    zero: 'an error',
  },
  'log.explain': {
    does: 'Whether records say [why millrace chose the backend](records.md#why-this-backend), and why it skipped others. It looks at all backends once more for each connection',
    takes: '`true` or `false`',
    default: '`false`',
  },
  'log.access': {
    does: 'Which connections get a [record](records.md). `true`: all. `false`: none. A map: some',
    takes: '`true`, `false`, or a map',
    default: '`true`',
  },
  'log.access.sample': {
    does: 'The share of connections that get a record, chosen at random among those that `minBytes` and `minMs` allow. 0.1 is one of ten',
    takes: 'number, `0` to `1`',
    default: '`1`',
    zero: 'no records, except those of `always`',
  },
  'log.access.always': {
    does: 'Records that millrace writes whatever `sample`, `minBytes` and `minMs` say. `errors`: connections that [ended with an error](records.md)',
    takes: 'list of `errors`',
    default: 'none',
  },
  'log.access.minBytes': {
    does: 'millrace writes no record for connections that moved fewer bytes, both directions together',
    takes: 'whole number of bytes, from `0`',
    default: '`0`',
    zero: 'no limit',
  },
  'log.access.minMs': {
    does: 'millrace writes no record for connections that were shorter',
    takes: 'duration, `0` to `24d`',
    default: '`0`',
    zero: 'no limit',
  },
  'log.access.atOpen': {
    does: 'Whether a connection also gets a [record while it is open](records.md#while-a-connection-is-open): when its backend has accepted',
    takes: '`true` or `false`',
    default: '`false`',
  },
  'log.access.everyMs': {
    does: 'How often an open connection gets a [record](records.md#while-a-connection-is-open)',
    takes: '[duration](#durations-and-sizes), `1s` to `24d`, or `0`',
    default: '`0`',
    zero: 'never',
  },
  'log.access.redact': {
    does: 'Fields that millrace leaves out of records. Of `client` it keeps the network: 24 bits of IPv4, 48 of IPv6',
    takes: 'list of `client`, `sni`, `http.authority`, `http.path`, `tls.clientName`, `tags`',
    default: 'none',
  },
}

export const ADMIN_KEYS: KeyTable = {
  admin: {
    does: 'The [admin address](admin.md), where commands and the status page reach this process, or a list of several. A text is short for `{ address: text }`. `false`: no admin address',
    takes: '`false`, an address, a map, or a list of addresses and maps',
    default: 'the command: [a unix socket of your user](admin.md#where-it-is). The library: none',
  },
  'admin.address': {
    does: 'Where millrace listens for admin requests. `fd:NAME` is a [socket that systemd has opened](systemd.md#socket-activation). Other machines reach it only with the role `observe`. For the role `operate` put a proxy with a password or mTLS in front, which can be a listener of millrace itself',
    takes:
      '`unix:/path`, or `HOST:PORT` with a loopback host. With the role `observe`: any [address of a listener](#addresses)',
    default: 'required in the map',
    zero: 'port 0: the kernel chooses a free port',
  },
  'admin.role': {
    does: 'What callers may do. `operate`: everything. `observe`: they see [metrics, health and a status](admin.md#for-monitoring-alone) without addresses of clients',
    takes: '`operate`, `observe`',
    default: '`operate`',
  },
  'admin.token': {
    does: 'The bearer token that callers must send. Others get 401. With the role `operate` a port needs one. Not allowed with a unix socket: the permissions of its file decide',
    takes: 'text of at least 16 visible ASCII characters',
    default: NOT_SET,
  },
  'admin.hosts': {
    does: 'Host names that callers may use besides the loopback names. A request with another `Host` gets 421. With the role `observe` callers may use any name',
    takes: '[host name](#names) or IP address, or a list',
    default: 'none',
  },
  'admin.readOnly': {
    does: '`true`: millrace refuses every request that would change something, with 403',
    takes: '`true`, `false`',
    default: '`false`',
  },
}
