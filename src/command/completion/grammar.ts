/**
 * The command line as plain data, read from the definition that `--help` is printed from. Pure. The man page and the completions
 * are made of it, so a new verb or option appears in all of them.
 */
import type { Argument, Command, Help, Option } from 'commander'
import { NAMED, type Named } from './named.js'

/** What a value may be, for completions. Undefined: anything. */
export type Values = { readonly choices: readonly string[] } | { readonly names: Named } | 'files' | undefined

export interface OptionData {
  /** `-h`, `--help`. */
  readonly names: readonly string[]
  readonly long: string
  /** As `--help` shows it: `--to <addresses>`. */
  readonly term: string
  readonly description: string
  /** Whether it takes a value. */
  readonly hasValue: boolean
  readonly values: Values
}

export interface ArgumentData {
  readonly name: string
  readonly description: string
  readonly values: Values
}

export interface CommandData {
  /** Without `millrace`: `drain`, `add backend`. Empty: the program. */
  readonly path: string
  readonly name: string
  readonly usage: string
  readonly description: string
  readonly arguments: readonly ArgumentData[]
  readonly options: readonly OptionData[]
  /** Those that `--help` shows. */
  readonly commands: readonly CommandData[]
}

const FILE = 'file'

export function readGrammar(command: Command, path = ''): CommandData {
  const help = command.createHelp()
  return {
    path,
    name: command.name(),
    usage: help.commandUsage(command),
    description: command.description(),
    arguments: help.visibleArguments(command).map((each) => readArgument(each, help, path)),
    options: help.visibleOptions(command).map((option) => readOption(option, help)),
    commands: help
      .visibleCommands(command)
      .map((part) => readGrammar(part, path === '' ? part.name() : `${path} ${part.name()}`)),
  }
}

/** `help` takes the names of all commands, and of their parts. */
export function withHelp(program: CommandData): CommandData {
  const commands = program.commands.map((each) =>
    each.path === 'help' ? { ...each, commands: named(program) } : each,
  )
  return { ...program, commands }
}

function named({ commands }: CommandData): CommandData[] {
  return commands.map((each) => ({
    ...each,
    path: `help ${each.path}`,
    arguments: [],
    options: [],
    commands: named(each),
  }))
}

/** All commands and their parts, without the program: `check`, `add`, `add backend` … */
export function commandsIn(program: CommandData): CommandData[] {
  return program.commands.flatMap((each) => [each, ...commandsIn(each)])
}

function readArgument(argument: Argument, help: Help, path: string): ArgumentData {
  const name = help.argumentTerm(argument)
  // What is added has a new name.
  const isNew = path === `add ${name}`
  const values = argument.argChoices ? { choices: argument.argChoices } : valuesOf(name, name)
  return { name, description: help.argumentDescription(argument), values: isNew ? undefined : values }
}

function readOption(option: Option, help: Help): OptionData {
  const long = option.long ?? ''
  const value = /[<[]([\w-]+)/.exec(option.flags)?.[1]
  return {
    names: [option.short, option.long].filter((name) => name !== undefined),
    long,
    term: help.optionTerm(option),
    description: help.optionDescription(option),
    hasValue: value !== undefined,
    values: option.argChoices ? { choices: option.argChoices } : valuesOf(value, long.slice(2)),
  }
}

/** `value`: the word in brackets. `subject`: the name of the option or argument. */
function valuesOf(value: string | undefined, subject: string): Values {
  if (value === FILE) return 'files'
  const names = NAMED.find((each) => each === subject)
  return names && { names }
}
