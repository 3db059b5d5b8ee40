/**
 * The verbs: the commands that ask a running millrace. Each is defined in the file of its subject, which turns its flags into
 * a question. Pure, like the rest of the command line.
 */
import type { Command } from 'commander'
import { refuseUnknown } from '../strict.js'
import { defineBan, defineBans, defineUnban } from './bans.js'
import { defineAdd, defineDiff, defineRemove } from './changes.js'
import { defineBackend, defineFailback } from './clusters.js'
import { withCommonFlags } from './common-flags.js'
import { defineConnections, defineKill } from './connections.js'
import { defineDrain } from './drain.js'
import { defineHold, defineRelease } from './hold.js'
import { defineLimit } from './limit.js'
import { defineListener } from './listeners.js'
import { defineLog, defineNames, defineReload, defineStatus, defineTop, defineUpgrade } from './process.js'
import type { Decide } from './question.js'
import { defineSources } from './sources.js'

interface Verb {
  readonly name: string
  readonly description: string
  /** It is a group of commands, which have the flags. */
  readonly hasParts?: true
  /** Only the completion of shells asks. It is in no help. */
  readonly isHidden?: true
  define(verb: Command, decide: Decide): void
}

/** In the order of `millrace --help`. */
const DEFINED: readonly Verb[] = [
  {
    name: 'status',
    description: 'show listeners, clusters and backends of the running millrace',
    define: defineStatus,
  },
  {
    name: 'connections',
    description: 'list open connections, the busiest first',
    define: defineConnections,
  },
  {
    name: 'sources',
    description: 'list the client addresses that limits count, those with the most connections first',
    define: defineSources,
  },
  {
    name: 'kill',
    description: 'reset connections: those that you name, or all that match every filter',
    define: defineKill,
  },
  {
    name: 'limit',
    description: 'change how fast one open connection may be',
    define: defineLimit,
  },
  {
    name: 'drain',
    description:
      'stop new connections and let open ones go on; with --deadline, wait and then end those that are left',
    define: defineDrain,
  },
  {
    name: 'backend',
    description: 'take a backend out of service, put it back, or change its weight',
    define: defineBackend,
  },
  {
    name: 'listener',
    description: 'drain a listener, or let it accept clients again',
    define: defineListener,
  },
  {
    name: 'add',
    description: 'add a backend, a cluster, a route or a listener to the running config',
    hasParts: true,
    define: defineAdd,
  },
  {
    name: 'remove',
    description: 'remove a backend, a cluster, a route or a listener from the running config',
    hasParts: true,
    define: defineRemove,
  },
  {
    name: 'diff',
    description: 'show how the running config differs from the config file',
    define: defineDiff,
  },
  {
    name: 'failback',
    description: 'let a cluster with failback: manual go back to the first tier that works',
    define: defineFailback,
  },
  {
    name: 'hold',
    description: 'let new clients of a cluster wait, until you release it or the time is over',
    define: defineHold,
  },
  {
    name: 'release',
    description: 'end the hold of a cluster: clients that wait go on in order',
    define: defineRelease,
  },
  {
    name: 'ban',
    description: 'turn away clients of an address or a network for a while',
    define: defineBan,
  },
  {
    name: 'unban',
    description: 'end the ban of an address or a network, or all bans',
    define: defineUnban,
  },
  {
    name: 'bans',
    description: 'list bans, the one that has turned away the most clients first',
    define: defineBans,
  },
  {
    name: 'reload',
    description: 'read the config file again; if it has problems, print them and keep the old config',
    define: defineReload,
  },
  {
    name: 'upgrade',
    description:
      'start the program anew, as it stands on disk, and let the new process serve; no client is refused',
    define: defineUpgrade,
  },
  {
    name: 'log',
    description: 'show the log level and file; change the level, or open the file again',
    define: defineLog,
  },
  {
    name: 'top',
    description: 'show rates, backends and the busiest connections, live; press q to leave',
    define: defineTop,
  },
  {
    name: 'names',
    description: 'print the names of the running config, one on each line',
    isHidden: true,
    define: defineNames,
  },
]

/** Those that users know. */
export const VERBS: readonly string[] = DEFINED.filter(({ isHidden }) => !isHidden).map(({ name }) => name)

export function defineVerbs(program: Command, decide: Decide): void {
  for (const { name, description, hasParts, isHidden, define } of DEFINED) {
    const verb = program
      .command(name, { hidden: isHidden ?? false })
      .description(description)
      .allowExcessArguments(hasParts ?? false)
    define(hasParts ? refusingParts(verb) : withCommonFlags(verb), decide)
  }
}

/** Without a part it prints its help, and exits with 2. */
function refusingParts(group: Command): Command {
  return group.action(() => {
    const [word] = group.args
    if (word === undefined) group.help({ error: true })
    else refuseUnknown(group, word)
  })
}
