/**
 * The command line as plain data, read from the definition that `--help` is printed from. Pure. The man page and the
 * completions are made of it, so a new verb or option appears in all of them.
 */

/**
 * @typedef {{ names: string[], long: string, term: string, description: string, value: string | undefined,
 *   choices: readonly string[] }} OptionData `value`: the name of its value, undefined for a switch
 * @typedef {{ name: string, usage: string, description: string, arguments: { name: string, description: string }[],
 *   options: OptionData[], commands: CommandData[] }} CommandData
 */

/** Values of this name are paths of files. */
export const FILE = 'file'

/** @returns {CommandData} */
export function readGrammar(command) {
  const help = command.createHelp()
  return {
    name: command.name(),
    usage: help.commandUsage(command),
    description: command.description(),
    arguments: help.visibleArguments(command).map((each) => ({
      name: help.argumentTerm(each),
      description: help.argumentDescription(each),
    })),
    options: help.visibleOptions(command).map((option) => readOption(option, help)),
    commands: help.visibleCommands(command).map(readGrammar),
  }
}

function readOption(option, help) {
  return {
    names: [option.short, option.long].filter(Boolean),
    long: option.long,
    term: help.optionTerm(option),
    description: help.optionDescription(option),
    value: /[<[]([\w-]+)/.exec(option.flags)?.[1],
    choices: option.argChoices ?? [],
  }
}
