/** Keys at the top of the config. */
import { type KeyTable, REQUIRED } from './key-words.js'

export const GENERAL_KEYS: KeyTable = {
  splice: {
    does: 'How millrace moves bytes. `auto` copies small messages and splices bulk data through a kernel pipe. `on` splices wherever it can. `off` always copies. Both peers see the same bytes in each mode',
    takes: '`auto`, `on`, `off`',
    default: '`auto`',
  },
  workers: {
    does: 'How many processes serve clients. `auto` starts one per CPU core. With two or more, a supervisor process (HAProxy: master) starts and watches them. See [several workers](admin.md#several-workers). The library ignores this key',
    takes: 'number, `1` to `256`, or `auto`',
    default: '`1`',
    zero: 'an error',
  },
  workerHangMs: {
    does: 'If a worker does not answer the supervisor for this long, the supervisor kills it and [starts another one](admin.md#several-workers). All connections of that worker end. The supervisor notices late: by up to a third of this time, at most 10 s. The library ignores this key',
    takes: 'duration, `100ms` to `24d`',
    default: '`30s`',
    zero: 'millrace never kills a worker',
  },
  kernelPipeBytes: {
    does: 'The largest size of one kernel pipe. The kernel rounds it up to a power of two. An unprivileged user has a quota for all pipes (`fs.pipe-user-pages-soft`, usually 64 MiB). Each worker may use an equal part of it. When the open pipes of a worker have used half of its part, new pipes have 64 KiB. If the kernel gives less than 64 KiB, millrace copies instead. See [splice.md](splice.md)',
    takes: 'size, `64KiB` to `1MiB`',
    default: '`1MiB`',
    zero: 'an error',
  },
  pinnedMemoryBytes: {
    does: 'How many bytes may wait in kernel pipes for peers that read slowly, in all workers together. Above this limit, each further direction keeps at most 64 KiB. No direction stops because of it',
    takes: 'size, `1MiB` to `64GiB`',
    default: '`64MiB`',
    zero: 'an error',
  },
  listeners: {
    does: 'The [listeners](#listeners). Each accepts clients at one address',
    takes: 'list of at least one',
    default: REQUIRED,
  },
  clusters: {
    does: 'The [clusters](#clusters). Each is a set of backends with a name. The name `reject` is not allowed',
    takes: 'map of at least one, by [name](#names)',
    default: REQUIRED,
  },
}
