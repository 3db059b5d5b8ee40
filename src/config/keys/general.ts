/** Keys at the top of the config. */
import { type KeyTable, NOT_SET, REQUIRED } from './key-words.js'

export const GENERAL_KEYS: KeyTable = {
  splice: {
    does: 'How millrace moves bytes. `auto` copies small messages and splices bulk data through a kernel pipe. `on` splices wherever it can: not TLS that millrace terminates, and nothing without the addon. `off` always copies. Both peers see the same bytes in each mode',
    takes: '`auto`, `on`, `off`',
    default: '`auto`',
  },
  workers: {
    does: 'How many processes serve clients. One process uses one CPU core. `auto` starts one per core, as HAProxy does by default with threads. A change needs a restart. With two or more, a supervisor process (HAProxy: master) starts and watches them. See [several workers](admin.md#several-workers). The library ignores this key',
    takes: 'number, `1` to `256`, or `auto`',
    default: '`1`',
    zero: 'an error',
  },
  workerHangMs: {
    does: 'If a worker does not answer the supervisor for this long, the supervisor kills it and [starts another one](admin.md#several-workers). All connections of that worker end. It looks every third of this time, at most 10 s apart. So with `30s` it kills the worker after 30 to 40 s. Its clients see a reset. One worker alone has no supervisor: nothing watches it. The library ignores this key',
    takes: 'duration, `100ms` to `24d`',
    default: '`30s`',
    zero: 'millrace never kills a worker',
  },
  upgradeMs: {
    does: 'How long the new process of an [upgrade](upgrade.md) may take until it could serve. After that millrace kills it, and the old process goes on. The library ignores this key',
    takes: 'duration, `1ms` to `24d`',
    default: '`60s`',
    zero: 'an error',
  },
  handOver: {
    does: 'Whether [an upgrade](upgrade.md#live-connections) hands live connections over to the new process. Their peers notice nothing. Connections that do not move drain in the old process. `true`: the default below. The library ignores this key',
    takes: 'boolean, or a map',
    default: '`true`',
  },
  'handOver.afterMs': {
    does: 'Only connections that are at least this old move. Younger ones drain in the old process',
    takes: 'duration',
    default: '`0`',
    zero: 'connections of any age move',
  },
  state: {
    does: 'The file in which millrace keeps [changes at run time](changes.md#over-a-restart) for the next start. millrace writes it whole, and reads it when it starts. A broken file never stops a start. A change of this key needs a restart. The library ignores this key',
    takes: 'path of a file in a folder that millrace may write',
    default: NOT_SET,
  },
  include: {
    does: 'More files with [listeners and clusters](#several-files). `*` and `?` in the name of the file stand for any characters. Only the main file can have this key',
    takes: 'path, or pattern such as `conf.d/*.yaml`, or a list of them',
    default: 'no other files',
  },
  kernelPipeBytes: {
    does: 'The largest size of one kernel pipe. The kernel rounds it up to a power of two. Only directions that wait for a slow peer keep a pipe, so you rarely need to change this. If millrace does not run as root, the kernel limits all its pipes together: [kernel pipes](splice.md#kernel-pipes)',
    takes: 'size, `64KiB` to `1MiB`',
    default: '`1MiB`',
    zero: 'an error',
  },
  pinnedMemoryBytes: {
    does: 'How much memory peers that read slowly may hold in kernel pipes, in all workers together. It is a target, not a hard limit: above it, each further slow peer holds at most 64 KiB, and no connection stops. So 10,000 slow peers hold at most this much and 625 MiB more. The kernel counts this memory to no `MemoryMax`, and the buffers of the sockets come on top. They can be much more: see [a paused download](../README.md#figures)',
    takes: 'size, `1MiB` to `64GiB`',
    default: '`64MiB`',
    zero: 'an error',
  },
  listeners: {
    does: 'The [listeners](#listeners). Each accepts clients at one address, or at [several](#several-addresses)',
    takes: 'list of at least one',
    default: REQUIRED,
  },
  clusters: {
    does: 'The [clusters](#clusters). Each is a set of backends with a name. The name `reject` is not allowed',
    takes:
      'map of at least one, by [name](#names). With a [`route` function](library.md#route-functions) there need be none',
    default: REQUIRED,
  },
}
