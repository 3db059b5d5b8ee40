/** `millrace completion SHELL`: the script that lets a shell complete commands, options and names. Pure. */
import { Argument, type Command } from 'commander'
import { bashCompletion } from './bash.js'
import { fishCompletion } from './fish.js'
import { type CommandData, readGrammar, withHelp } from './grammar.js'
import { zshCompletion } from './zsh.js'

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const
export type Shell = keyof typeof SHELLS

export function defineCompletion(program: Command, decide: (script: string) => void): void {
  const shells = Object.keys(SHELLS)
  program
    .command('completion')
    .description('print the script that lets a shell complete commands, options and names')
    .addArgument(new Argument('<shell>', shells.join(', ')).choices(shells))
    .allowExcessArguments(false)
    .action((shell: Shell) => decide(completionOf(shell, readGrammar(program))))
}

export function completionOf(shell: Shell, grammar: CommandData): string {
  return SHELLS[shell](withHelp(grammar))
}
