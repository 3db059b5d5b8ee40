/** What zsh completes after `millrace`. Pure. */
import type { ArgumentData, CommandData, OptionData, Values } from './grammar.js'

/** A function for each command. The file works in a folder of `fpath`, and if the user sources it. */
export function zshCompletion(program: CommandData): string {
  return `#compdef millrace
_millrace_names() {
  local -a names
  names=(\${(f)"$(_call_program names millrace names $1 2>/dev/null)"})
  compadd -a names
}
${functionsOf(program).join('\n')}
if [[ $funcstack[1] == _millrace ]]; then
  _millrace "$@"
else
  compdef _millrace millrace
fi
`
}

function functionsOf(command: CommandData): string[] {
  if (isBare(command)) return []
  const own = command.commands.length > 0 ? groupFunction(command) : leafFunction(command)
  return [own, ...command.commands.flatMap(functionsOf)]
}

/** Nothing can stand behind it. */
const isBare = ({ options, commands }: CommandData): boolean => options.length === 0 && commands.length === 0

const nameOf = ({ path }: CommandData): string => ['_millrace', ...path.split(' ').filter(Boolean)].join('_')

function groupFunction(group: CommandData): string {
  const taken = ["'1: :->command'", "'*:: :->rest'"]
  return `${nameOf(group)}() {
  local context state state_descr line
  local -A opt_args
${callOf('_arguments -C', [...optionSpecs(group), ...taken])}
  case $state in
    command)
      local -a commands
      commands=(
${group.commands.map(({ name, description }) => `        ${quoted(`${name}:${description}`)}`).join('\n')}
      )
      _describe command commands
      ;;
    rest)
      case $words[1] in
${group.commands.map((each) => `        ${each.name}) ${isBare(each) ? ':' : nameOf(each)} ;;`).join('\n')}
      esac
      ;;
  esac
}`
}

function leafFunction(command: CommandData): string {
  const taken = argumentLines(command.arguments).map(quoted)
  return `${nameOf(command)}() {
${callOf('_arguments', [...optionSpecs(command), ...taken])}
}`
}

const callOf = (name: string, words: readonly string[]): string => `  ${[name, ...words].join(' \\\n    ')}`

function argumentLines(all: readonly ArgumentData[]): string[] {
  const lines = all.map(({ name, values }, index) => `${index + 1}:${name}:${actionOf(values)}`)
  return [...lines, '*: : ']
}

function optionSpecs({ options }: CommandData): string[] {
  return options.flatMap((option) => option.names.map((name) => quoted(optionSpec(name, option))))
}

function optionSpec(name: string, { long, description, hasValue, values }: OptionData): string {
  const explained = `${name}[${description.replaceAll(/[[\]\\]/g, '\\$&')}]`
  return hasValue ? `${explained}:${long.slice(2)}:${actionOf(values)}` : explained
}

/** A space alone: zsh offers nothing. A space before a function: zsh adds no arguments. */
function actionOf(values: Values): string {
  if (values === undefined) return ' '
  if (values === 'files') return '_files'
  return 'choices' in values ? `(${values.choices.join(' ')})` : ` _millrace_names ${values.names}`
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
