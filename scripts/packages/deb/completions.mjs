/** What the shells complete after `millrace`: commands, options, choices and files. Pure. */
import { FILE } from './grammar.mjs'

/** @typedef {import('./grammar.mjs').CommandData} CommandData */

/** @param {CommandData} program */
export function bashCompletion(program) {
  const verbs = program.commands.map(({ name }) => name)
  return `# bash completion for millrace
_millrace() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} verb= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      ${verbs.join(' | ')}) verb=$word && break ;;
    esac
  done
  COMPREPLY=()
  case $verb:$prev in
${[program, ...program.commands].flatMap((command) => bashValues(command, command === program)).join('\n')}
  esac
  case $verb in
${program.commands.map((command) => `    ${command.name}) set -- ${bashWords(command)} ;;`).join('\n')}
    *) set -- ${[...verbs, bashWords(program)].join(' ')} ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}
complete -F _millrace millrace
`
}

function bashValues({ name, options }, isProgram) {
  return options
    .filter(({ value }) => value !== undefined)
    .map(({ long, value, choices }) => {
      const action =
        choices.length > 0
          ? `mapfile -t COMPREPLY < <(compgen -W '${choices.join(' ')}' -- "$cur")`
          : value === FILE
            ? 'compopt -o default'
            : ':'
      return `    ${isProgram ? '' : name}:${long}) ${action} && return ;;`
    })
}

const bashWords = ({ options }) => options.flatMap(({ names }) => names).join(' ')

/** @param {CommandData} program */
export function zshCompletion(program) {
  return `#compdef millrace
_millrace() {
  local context state state_descr line
  local -A opt_args
  _arguments -C \\
${zshOptions(program)}
    '1: :->command' \\
    '*:: :->rest'
  case $state in
    command)
      local -a commands
      commands=(
${program.commands.map(({ name, description }) => `        ${quoted(`${name}:${description}`)}`).join('\n')}
      )
      _describe command commands
      ;;
    rest)
      case $words[1] in
${program.commands.map((command) => `        ${command.name})\n          _arguments \\\n${zshOptions(command, '            ')}\n            '*: :'\n          ;;`).join('\n')}
      esac
      ;;
  esac
}
_millrace "$@"
`
}

function zshOptions({ options }, indent = '    ') {
  const specs = options.flatMap(({ names, description, value, choices }) => {
    const explained = description.replaceAll(/[[\]\\]/g, '\\$&')
    const takes =
      value === undefined
        ? ''
        : `:${value}:${choices.length > 0 ? `(${choices.join(' ')})` : value === FILE ? '_files' : ' '}`
    return names.map((name) => `${indent}${quoted(`${name}[${explained}]${takes}`)} \\`)
  })
  return specs.join('\n')
}

/** @param {CommandData} program */
export function fishCompletion(program) {
  const verbs = program.commands.map(({ name, description }) =>
    fishLine('__fish_use_subcommand', `-f -a ${name}`, description),
  )
  const noVerb = program.options.map((option) => fishOption('__fish_use_subcommand', option))
  const ofVerbs = program.commands.flatMap(({ name, options }) => [
    `complete -c millrace -n '__fish_seen_subcommand_from ${name}' -f`,
    ...options.map((option) => fishOption(`__fish_seen_subcommand_from ${name}`, option)),
  ])
  return ['# fish completion for millrace', ...verbs, ...noVerb, ...ofVerbs, ''].join('\n')
}

function fishOption(condition, { names, description, value, choices }) {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  const takes =
    value === undefined
      ? '-f'
      : choices.length > 0
        ? `-x -a '${choices.join(' ')}'`
        : value === FILE
          ? '-r -F'
          : '-x'
  return fishLine(condition, `${flags.join(' ')} ${takes}`, description)
}

const fishLine = (condition, what, description) =>
  `complete -c millrace -n '${condition}' ${what} -d '${description.replaceAll(/[\\']/g, '\\$&')}'`
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`
