/**
 * The process as a whole: its status, its config and its log. Pure.
 */
import { Argument, type Command, Option } from 'commander'
import type { LogLevel } from '../../config/schemas/log-schema.js'
import { LOG_LEVELS } from '../../config/schemas/log-schema.js'
import { NAMED, type Named } from '../completion/named.js'
import { askingOf, type CommonFlags } from './common-flags.js'
import type { Decide } from './question.js'

export function defineStatus(status: Command, decide: Decide): void {
  status.action((flags: CommonFlags) => decide({ verb: 'status' }, askingOf(flags)))
}

export function defineNames(names: Command, decide: Decide): void {
  names
    .addArgument(new Argument('<of>', NAMED.join(' or ')).choices(NAMED))
    .action((of: Named, flags: CommonFlags) => decide({ verb: 'names', of }, askingOf(flags)))
}

export function defineReload(reload: Command, decide: Decide): void {
  reload.action((flags: CommonFlags) => decide({ verb: 'reload' }, askingOf(flags)))
}

export function defineUpgrade(upgrade: Command, decide: Decide): void {
  upgrade.action((flags: CommonFlags) => decide({ verb: 'upgrade' }, askingOf(flags)))
}

export function defineLog(log: Command, decide: Decide): void {
  log
    .addOption(
      new Option('--level <level>', 'lowest level to log, until a reload sets another')
        .choices(LOG_LEVELS)
        .conflicts('reopen'),
    )
    .option('--reopen', 'open the log file again, after you moved it')
    .action(({ level, reopen, ...flags }: CommonFlags & { level?: LogLevel; reopen?: true }) => {
      const change = level === undefined ? reopen && 'reopen' : { level }
      decide({ verb: 'log', change }, askingOf(flags))
    })
}

export function defineTop(top: Command, decide: Decide): void {
  top
    .option('--once', 'print one screen and exit')
    .action((flags: CommonFlags & { once?: true }) =>
      decide({ verb: 'top', isOnce: flags.once ?? false }, askingOf(flags)),
    )
}
