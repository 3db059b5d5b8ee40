/** `millrace help`: what `--help` prints, of the program or of one command. Pure. */
import type { Command } from 'commander'
import { refuseUnknown } from './strict.js'

export function defineHelp(program: Command): void {
  const help = program
    .command('help')
    .description('show how to use a command, as --help does')
    .argument('[command...]', 'the command, such as drain, or add backend')
    .action((words: readonly string[] = []) => {
      let command = program
      for (const word of words) {
        const part = command.commands.find((each) => each.name() === word)
        if (part === undefined && command.commands.length === 0)
          help.error(
            `error: ${JSON.stringify(command.name())} has no commands: remove ${JSON.stringify(word)}`,
          )
        command = part ?? refuseUnknown(command, word)
      }
      command.help()
    })
}
