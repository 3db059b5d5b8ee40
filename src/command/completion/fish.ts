/** What fish completes after `millrace`. Pure. */
import { type CommandData, commandsIn, type OptionData, type Values } from './grammar.js'

/** `__millrace_at add backend`: whether these are the command and the part that the user has typed. */
export function fishCompletion(program: CommandData): string {
  const commands = commandsIn(program)
  return [
    '# fish completion for millrace',
    'function __millrace_at',
    '    set -l path',
    '    for word in (commandline -opc)[2..]',
    '        switch "$path:$word"',
    `            case ${commands.map(({ path }) => quoted(ending(path))).join(' ')}`,
    '                set path (string trim -- "$path $word")',
    '        end',
    '    end',
    '    test "$path" = "$argv"',
    'end',
    'complete -c millrace -f',
    ...[program, ...commands].flatMap(linesOf),
    '',
  ].join('\n')
}

function ending(path: string): string {
  const at = path.lastIndexOf(' ')
  return `${path.slice(0, Math.max(0, at))}:${path.slice(at + 1)}`
}

function linesOf(command: CommandData): string[] {
  const condition = `__millrace_at ${command.path}`.trim()
  const value = command.arguments.map(({ values }) => offer(values)).find((each) => each !== undefined)
  return [
    ...command.commands.map(({ name, description }) => line(condition, `-a ${name}`, description)),
    ...(value === undefined ? [] : [line(condition, value, command.arguments[0]!.description)]),
    ...command.options.map((option) => optionLine(condition, option)),
  ]
}

function optionLine(condition: string, { names, description, hasValue, values }: OptionData): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  const takes = hasValue ? [values === 'files' ? '-r' : '-x', offer(values) ?? ''] : []
  return line(condition, [...flags, ...takes].filter(Boolean).join(' '), description)
}

/** Undefined: fish offers nothing, because `-f` at the top turns files off. */
function offer(values: Values): string | undefined {
  if (values === undefined) return undefined
  if (values === 'files') return '-F'
  if ('choices' in values) return `-a ${quoted(values.choices.join(' '))}`
  return `-a ${quoted(`(millrace names ${values.names} 2>/dev/null)`)}`
}

const line = (condition: string, what: string, description: string): string =>
  `complete -c millrace -n ${quoted(condition)} ${what} -d ${quoted(description)}`
const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`
