/**
 * Keys of a listener: where it listens and where its clients go. `first-bytes.ts` has the keys for first
 * bytes.
 */
import { type KeyTable, NOT_SET, REQUIRED } from './key-words.js'

export const LISTENER_KEYS: KeyTable = {
  'listeners[].name': {
    does: 'The name of the listener in logs, records, metrics and status. Two listeners cannot have the same name',
    takes: '[name](#names)',
    default: 'its address. With several: required',
  },
  'listeners[].address': {
    does: 'Where millrace listens. Two listeners cannot have the same address. `fd:NAME` is a [socket that systemd has opened](systemd.md#socket-activation)',
    takes: '[address](#addresses), also with a range of ports: `0.0.0.0:5000-5010`',
    default: 'required, unless there are `addresses`',
    zero: 'port 0: the kernel chooses a free port',
  },
  'listeners[].addresses': {
    does: 'Several addresses with the same settings. millrace makes a [listener of each](#several-addresses)',
    takes: 'list of [addresses](#addresses), also with ranges of ports. At most 1000 ports in a range',
    default: '`address` alone',
  },
  'listeners[].cluster': {
    does: 'The cluster for clients that match no route. Without it, millrace resets these clients. With `protocol: http` it answers 404 instead',
    takes: 'name of a cluster',
    default: 'required, unless there are `routes` or a `route` function',
  },
  'listeners[].tags': {
    does: 'Texts that millrace adds to the record of each connection of this listener. The client sees nothing of them',
    takes: 'map of texts. A key has 1 to 63 characters and no control character',
    default: 'no tags',
  },
  'listeners[].protocol': {
    does: 'What clients speak. `tcp`: any protocol. `http`: each connection carries one HTTP/1.1 request, usually an [upgrade to WebSocket](first-bytes.md#websocket). A request that is no upgrade gets 426, unless [`http`](#http) says otherwise',
    takes: '`tcp`, `http`',
    default: '`tcp`',
  },
  'listeners[].mode': {
    does: 'Who may connect to a unix socket: the permissions of its file, as chmod(1) takes them. Only for `unix:/path`. A client without this permission gets `EACCES`',
    takes: 'octal digits in quotes, such as `"0660"`',
    default: 'what the umask gives. With `group`: `"0660"`',
    zero: '`"000"`: only root can connect',
  },
  'listeners[].group': {
    does: 'The group that owns the file of a unix socket. Only for `unix:/path`',
    takes: 'name in /etc/group, or a number',
    default: 'the group of the process',
    zero: 'the group of root',
  },
}

export const ROUTE_KEYS: KeyTable = {
  'listeners[].routes': {
    does: 'Which clients go to which cluster. A client must match every condition of a route. [Which route wins](routing.md#which-route-wins) is not only a matter of their order. A client that matches no route goes to `cluster`',
    takes: 'list of at least one',
    default: 'no routes',
  },
  'listeners[].routes[].speaks': {
    does: 'Condition: what the first bytes of the client begin, as far as [millrace can tell](routing.md#what-a-client-speaks). `hex:` and digits: exactly these bytes. Needs `protocol: tcp`, without `startTls`',
    takes:
      '`tls`, `http`, `ssh`, `postgres`, `rdp`, `redis`, `proxy`, `hex:` and two digits for each of 1 to 64 bytes, or a list',
    default: 'any',
  },
  'listeners[].routes[].sni': {
    does: 'Condition: the server name in the ClientHello. millrace then resets every client of this listener that does not speak TLS, unless `onBadHello` or a route with `speaks` says otherwise',
    takes: '[name pattern](#name-patterns), or a list',
    default: 'any client, also without a server name',
  },
  'listeners[].routes[].alpn': {
    does: 'Condition: one of these protocols. Where TLS passes through, the client offers it by ALPN. Where the listener has `tls`, millrace and the client have agreed on it',
    takes: '[protocol](#names), or a list',
    default: 'any',
  },
  'listeners[].routes[].source': {
    does: 'Condition: the address of the client. A [PROXY header](#proxy-header-of-clients) or [`clientFrom`](#http) can name another one',
    takes: '[address range](#address-ranges), or a list',
    default: 'any',
  },
  'listeners[].routes[].host': {
    does: 'Condition: the host of the HTTP request. Needs `protocol: http`',
    takes: '[name pattern](#name-patterns), or a list',
    default: 'any',
  },
  'listeners[].routes[].path': {
    does: 'Condition: the path of the HTTP request, or its first segments. `/chat` matches `/chat` and `/chat/room`, but not `/chatter`. All [spellings of a path](first-bytes.md#paths-in-routes) match alike. Needs `protocol: http`',
    takes: 'text that begins with `/`, without `?`, `;`, `%2F` and dot segments',
    default: 'any',
  },
  'listeners[].routes[].user': {
    does: 'Condition: the user (role) that a Postgres client names. Upper and lower case differ. Needs `startTls: postgres`. It never matches a client whose TLS passes through, so do not rely on it in a route with `reject`',
    takes: 'text of 1 to 63 bytes, or a list',
    default: 'any',
  },
  'listeners[].routes[].database': {
    does: 'Condition: the database that a Postgres client names, as for `user`',
    takes: 'text of 1 to 63 bytes, or a list',
    default: 'any',
  },
  'listeners[].routes[].map': {
    does: 'A file that names the [cluster of each client](routing.md#clusters-by-name-from-a-file) that matches. Each line counts like a route of its own. A client whose name is not in the file does not match',
    takes: 'map of the keys below',
    default: 'no map',
  },
  'listeners[].routes[].map.file': {
    does: 'The file: a name and a cluster in each line. millrace reads it again when it changes. If a line is wrong, the old lines stay',
    takes: 'path',
    default: REQUIRED,
  },
  'listeners[].routes[].map.by': {
    does: 'What the names are: server names (`sni`), hosts of requests, or users or databases of Postgres. It needs what the condition of this name needs',
    takes: '`sni`, `host`, `user`, `database`',
    default: REQUIRED,
  },
  'listeners[].routes[].cluster': {
    does: 'The cluster for clients that match',
    takes: 'name of a cluster',
    default: 'required, unless `map` or `reject` is set',
  },
  'listeners[].routes[].reject': {
    does: 'millrace resets clients that match. With `protocol: http` it answers 403 instead',
    takes: '`true`, `false`',
    default: '`false`',
  },
  'listeners[].routes[].http': {
    does: 'What millrace does with requests that match, as [`listeners[].http`](#http)',
    takes: '`reject`, `forward`, `pass`',
    default: '`listeners[].http`',
  },
  'listeners[].route': {
    does: 'A [function](library.md#route-functions) that chooses the cluster. It replaces `routes`. Only the library accepts it',
    takes: 'function',
    default: NOT_SET,
  },
}
