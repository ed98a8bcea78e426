import { Command, CommanderError, Option } from 'commander'
import { addBuild } from './build-options.js'
import type { CommonFlags, Context } from './context.js'
import { EXIT } from './exit-code.js'
import { AUDIT_EXAMPLES, EXAMPLES, IMAGES, LIFT_EXAMPLES, USAGE, WHY_EXAMPLES } from './help.js'
import {
  addConfigOptions,
  addNeedOptions,
  lddOption,
  platformOption,
  platformsOption,
  traceOption,
} from './options.js'
import { addTrace } from './trace-options.js'
import { addVerify } from './verify-options.js'
import { VERSION } from './version.js'
import { collect, parseCount, parseSize } from './words.js'

/** Runs one command line, without the name of the program; gives the exit status. Never throws. */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  const outcome = { status: EXIT.answer as number }
  const program = buildProgram(context, outcome, argv)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return outcome.status
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.answer : EXIT.usage
    return explain(error, context, program.opts<CommonFlags>())
  }
}

/** Says why there is no answer, whatever was thrown and from where; gives the exit status. */
export async function explain(error: unknown, context: Context, flags: CommonFlags): Promise<number> {
  const { mannerOf, printFault, printInterrupted } = await import('./print.js')
  const manner = await mannerOf(context, flags)
  return context.signal.aborted ? printInterrupted(manner) : printFault(error, manner)
}

/** The formats of `--format`, the default one first; a test holds them to the library's tables. */
export const FORMATS = { lift: ['dockerfile', 'json'], audit: ['tree', 'json'] } as const

type Outcome = { status: number }

type AddCommand = (program: Command, context: Context, outcome: Outcome, argv: readonly string[]) => void

const COMMANDS: readonly AddCommand[] = [
  addLift,
  addWhy,
  addAudit,
  addBuild,
  addVerify,
  addTrace,
  addCache,
  addHelp,
]

/** A line without options that starts with an image can only be a lift; the other commands need not be made for it. */
function commandsFor(argv: readonly string[]): readonly AddCommand[] {
  const isPlainLift = argv[0]?.includes(':') === true && !argv.some((word) => word.startsWith('-'))
  return isPlainLift ? [addLift] : COMMANDS
}

function buildProgram(context: Context, outcome: Outcome, argv: readonly string[]): Command {
  const program = new Command('liftbin')
    .usage(USAGE)
    .description(
      'Finds what a program in a container image really needs, and lifts it into an image with nothing else.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .option('-q, --quiet', 'print nothing but errors on stderr')
    .option('-v, --verbose', 'print all findings, each step, and more about errors')
    .option('--no-color', 'no colours, as with NO_COLOR')
    .option('--no-progress', 'no progress line')
    .option('--no-cache', 'neither read nor write the cache of layers')
    .option('--cache-size <size>', 'most that the cache may hold afterwards (10G)', parseSize)
    .option('--insecure-registry <host>', 'speak plain HTTP to this host[:port] (may be repeated)', collect)
    .option('--registry-mirror <host>', "ask this host[:port] in place of Docker's registry", collect)
    .option('--max-size <size>', 'most that all layers may unpack to (256G)', parseSize)
    .option('--max-files <count>', 'most files in all layers (600000)', parseCount)
    .option('--max-ratio <factor>', 'most that a large layer may grow by unpacking (250)', parseCount)
    .option('--max-path <bytes>', 'longest name in a layer; Linux takes no more than 4095', parseCount)
    .option('--max-nesting <count>', 'most indexes within each other (4)', parseCount)
    .addHelpText('after', `${IMAGES}\n${EXAMPLES}`)
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() })
    .showHelpAfterError('  liftbin --help shows how.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.out.write(text),
      writeErr: (text) => void context.err.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'liftbin: ')),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
  for (const add of commandsFor(argv)) add(program, context, outcome, argv)
  return program
}

function addLift(program: Command, context: Context, outcome: Outcome): void {
  const lift = program
    .command('lift <image> [binary...]', { isDefault: true })
    .usage('[options] <image> <binary...>\n       liftbin lift [options] <image> --include <path>')
    .description('print a Dockerfile with the binaries and all they load')
    .option('-o, --output <file>', 'write to a file instead of stdout')
    .addOption(formatOption(FORMATS.lift))
    .addOption(platformsOption())
    .option('--stage <name>', 'copy from this stage of your own Dockerfile; the output is a fragment for it')
    .option('--include <path>', 'lift this file, directory or glob as well (may be repeated)', collect)
    .option('--packages', 'tell which packages the files are from, and keep them visible to scanners')
    .addOption(traceOption())
    .addOption(lddOption())
  addConfigOptions(addNeedOptions(lift))
    .addHelpText('after', LIFT_EXAMPLES)
    .action(async (image: string, binaries: string[], _own, command: Command) => {
      const { liftCommand } = await import('./commands/lift.js')
      outcome.status = await liftCommand(image, binaries, command.optsWithGlobals(), context)
    })
}

function addWhy(program: Command, context: Context, outcome: Outcome): void {
  program
    .command('why <image> <binary> <file>')
    .description('print what brings a library or another file in, and by which rules')
    .addOption(platformOption())
    .addOption(traceOption())
    .addOption(lddOption())
    .addHelpText('after', WHY_EXAMPLES)
    .action(async (image: string, binary: string, file: string, _own, command: Command) => {
      const { whyCommand } = await import('./commands/why.js')
      outcome.status = await whyCommand(image, binary, file, command.optsWithGlobals(), context)
    })
}

function addAudit(program: Command, context: Context, outcome: Outcome): void {
  program
    .command('audit <image> [binary...]')
    .description('print what binaries need, or all of the image')
    .option('-o, --output <file>', 'write to a file instead of stdout')
    .addOption(formatOption(FORMATS.audit))
    .addOption(platformOption())
    .addOption(lddOption())
    .addHelpText('after', AUDIT_EXAMPLES)
    .action(async (image: string, binaries: string[], _own, command: Command) => {
      const { auditCommand } = await import('./commands/audit.js')
      outcome.status = await auditCommand(image, binaries, command.optsWithGlobals(), context)
    })
}

function addCache(program: Command, context: Context, outcome: Outcome): void {
  program
    .command('cache [action]')
    .description('print where the cache of layers is and what it holds; `cache clear` empties it')
    .action(async (action: string | undefined) => {
      const { cacheCommand } = await import('./commands/cache.js')
      outcome.status = await cacheCommand(action, context)
    })
}

/** Commander's own says nothing of a command it does not know, only the whole help. */
function addHelp(program: Command): void {
  program
    .command('help [command]')
    .description('print help for a command')
    .action((name: string | undefined) => {
      const command = name === undefined ? program : program.commands.find((one) => one.name() === name)
      if (command === undefined) program.error(`error: unknown command '${name}'`)
      else command.outputHelp()
    })
}

function formatOption(formats: readonly string[]): Option {
  return new Option('-f, --format <name>', 'what to print').choices(formats).default(formats[0])
}
