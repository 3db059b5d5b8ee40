/** The man page millrace(1), in the macros of man(7). Pure. */

/**
 * @typedef {{ name: string, description: string }} ArgumentData
 * @typedef {{ term: string, description: string }} OptionData
 * @typedef {{ usage: string, description: string, arguments: ArgumentData[], options: OptionData[], commands: CommandData[] }} CommandData
 *   as `src/command/completion/grammar.ts` reads it from the command line
 */

const SECTION_OF_FILES = [
  ['/etc/millrace/millrace.yaml', 'The config of the service.'],
  ['/run/millrace/', 'The admin socket of the service, which the commands ask.'],
  [
    '/usr/share/doc/millrace/',
    'The documentation: every key of the config, every command, metrics and more.',
  ],
]

/** @param {{ grammar: CommandData, exitCodes: object, version: string, date: string }} facts */
export function manualPage({ grammar, exitCodes, version, date }) {
  const { own, common } = dividedOptions(withParts(grammar.commands))
  return [
    `.TH MILLRACE 1 "${date}" "millrace ${version}" "User Commands"`,
    '.SH NAME',
    'millrace \\- TCP proxy and load balancer',
    '.SH SYNOPSIS',
    ...synopsis('', '\\-\\-config FILE'),
    ...synopsis('', '\\-\\-listen ADDRESS \\-\\-to ADDRESS[,\\[u2026]]'),
    ...synopsis('check', 'FILE'),
    ...synopsis('', 'COMMAND [OPTIONS]').slice(0, -1),
    '.SH DESCRIPTION',
    escaped(grammar.description),
    '.PP',
    'Without arguments it runs a demonstration on 127.0.0.1.',
    'The commands ask a process that runs.',
    '.SH OPTIONS',
    ...grammar.options.flatMap(described),
    '.SH COMMANDS',
    ...own.flatMap(commandLines),
    '.SH "OPTIONS OF ALL COMMANDS"',
    'All commands that ask a process have these options.',
    ...common.flatMap(described),
    '.SH "EXIT STATUS"',
    ...Object.entries(exitCodes).flatMap(([code, meaning]) => tagged(code, `${meaning}.`)),
    '.SH FILES',
    ...SECTION_OF_FILES.flatMap(([path, meaning]) => tagged(path, meaning, 'I')),
    '.SH "SEE ALSO"',
    '.BR systemctl (1),',
    '.BR journalctl (1)',
    '',
  ].join('\n')
}

/** A command, then its parts. */
const withParts = (commands) => commands.flatMap((each) => [each, ...withParts(each.commands)])

/** Options that nearly every command has are told once. `check`, `import` and `help` ask nobody, so they have none of these. */
function dividedOptions(commands) {
  const count = new Map()
  for (const { options } of commands)
    for (const { term } of options) count.set(term, (count.get(term) ?? 0) + 1)
  const isCommon = ({ term }) => count.get(term) > commands.length / 2
  const options = commands.flatMap((command) => command.options)
  const common = options.filter(
    (option, at) => isCommon(option) && options.findIndex(({ term }) => term === option.term) === at,
  )
  return {
    common,
    own: commands.map((each) => ({ ...each, options: each.options.filter((one) => !isCommon(one)) })),
  }
}

function commandLines({ usage, description, arguments: args, options }) {
  return [
    `.SS "${escaped(usage.replace(' [options]', ''))}"`,
    escaped(description),
    ...args.flatMap(({ name, description: meaning }) => tagged(name, meaning, 'I')),
    ...options.flatMap(described),
  ]
}

const described = ({ term, description }) => tagged(term, description)
const tagged = (term, text, font = 'B') => ['.TP', `.${font} "${escaped(term)}"`, escaped(text)]
const synopsis = (verb, rest) => [
  '.B millrace',
  ...(verb ? [`.B ${verb}`] : []),
  `.RI ${rest.split(' ').join(' " " ')}`,
  '.br',
]

/** A line that starts with a dot or an apostrophe would be a macro. A bare `-` would become a hyphen. */
function escaped(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '\\[u2026]')
    .replaceAll('"', '\\(dq')
    .replace(/^([.'])/, '\\&$1')
}
