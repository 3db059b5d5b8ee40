/**
 * What holds for every command, option and argument. A value is given once, and is not empty. A command that does not exist is
 * answered with one that does. Pure.
 */
import { type Argument, type Command, InvalidArgumentError, type Option } from 'commander'
import { oneOf } from '../config/suggest.js'

/** What to write instead of the same option a second time. */
const INSTEAD: Readonly<Record<string, string>> = {
  '--config': 'Give one file. It can include others.',
  '--listen': 'Give one address, or use a config file for several.',
  '--to': 'Give it once, with commas between the backends.',
}
const ONCE = 'Give it once.'
const CONFIG_FILE = /\.(?:ya?ml|json)$/i

/** For a command with all its parts, once they are defined. */
export function makeStrict(command: Command, line = command.name()): void {
  const what = command.parent === null ? 'all commands and options' : 'its arguments and options'
  command.showHelpAfterError(`(${line} --help lists ${what})`)
  const known = namesOf([...command.options, ...(command.parent?.options ?? [])])
  for (const option of command.options) if (option.required) readOnce(option, known)
  for (const argument of command.registeredArguments) readFilled(argument)
  for (const part of command.commands) makeStrict(part, `${line} ${part.name()}`)
}

/** The options of `program` are for serving. Before the name of a command they would have no effect. */
export function refuseBefore(program: Command, verb: Command): void {
  const option = givenOptions(program)[0]
  if (option === undefined) return
  program.error(
    `error: ${option.long} stands before "${verb.name()}", which does not take it: options of a command stand behind its name`,
  )
}

/** Options on the command line, in the order of `--help`. */
export function givenOptions(command: Command): Option[] {
  return command.options.filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli')
}

/** Ends with an error that names the parts that `command` has. */
export function refuseUnknown(command: Command, word: string): never {
  const isProgram = command.parent === null
  const names = command
    .createHelp()
    .visibleCommands(command)
    .map((each) => each.name())
  const instead =
    isProgram && CONFIG_FILE.test(word)
      ? `: to serve this config, write --config ${word}`
      : oneOf(word, names)
  return command.error(`error: unknown command ${JSON.stringify(word)}${instead}`)
}

/**
 * commander takes the last of several values, and takes an option as the value of the option before it. `known`: the options of this
 * command and of the program. Any other text may be a value.
 */
function readOnce(option: Option, known: ReadonlySet<string>): void {
  const { parseArg, long } = option
  option.argParser((text: string, previous: unknown) => {
    if (previous !== undefined)
      throw new InvalidArgumentError(`You gave ${long} twice. ${INSTEAD[long ?? ''] ?? ONCE}`)
    if (text === '') throw new InvalidArgumentError('It is empty: write a value, or remove the option.')
    if (known.has(text)) throw new InvalidArgumentError(`It is an option: ${long} needs a value.`)
    return parseArg === undefined ? text : parseArg(text, undefined)
  })
}

/** Short and long ones. Every command has those for help. */
const namesOf = (options: readonly Option[]): ReadonlySet<string> =>
  new Set(['-h', '--help', ...options.flatMap(({ short, long }) => [short ?? [], long ?? []].flat())])

function readFilled(argument: Argument): void {
  const { parseArg, variadic } = argument
  argument.argParser((text: string, previous: unknown) => {
    if (text === '') throw new InvalidArgumentError('It is empty.')
    const value = parseArg === undefined ? text : parseArg(text, undefined)
    return variadic ? [...((previous as unknown[] | undefined) ?? []), value] : value
  })
}
