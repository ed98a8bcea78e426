import { type Command, Option } from 'commander'
import type { Context } from './context.js'
import { VERIFY_EXAMPLES } from './help.js'
import { addNeedOptions, lddOption, platformOption, traceOption } from './options.js'
import { collect, parsePattern, parseSeconds } from './words.js'

/** The formats of `verify --format`, the default one first, and the names of `--runner`; tests hold them to the library's. */
export const VERIFY_CHOICES = {
  format: ['table', 'json', 'junit'],
  runner: ['auto', 'docker', 'podman', 'namespace', 'bubblewrap', 'static'],
} as const

/** Declares `liftbin verify`; `argv` is the whole command line, since commander does not tell what stood after `--`. */
export function addVerify(
  program: Command,
  context: Context,
  outcome: { status: number },
  argv: readonly string[],
): void {
  const verify = program
    .command('verify <image> <binary...>')
    .usage('<image> <binary...> [options] [-- args]')
    .description('run the original and the lift, and compare what they do')
    .option('-o, --output <file>', 'write to a file instead of stdout')
    .addOption(choice('-f, --format <name>', 'what to print', VERIFY_CHOICES.format))
    .addOption(platformOption())
    .option('--include <path>', 'lift this file, directory or glob as well (may be repeated)', collect)
    .addOption(traceOption())
    .addOption(lddOption())
  addNeedOptions(verify)
    .option('--case <file>', 'run the cases of this file (may be repeated); see below', collect)
    .option('--stdin <file>', 'what the program reads; - is standard input')
    .option('--timeout <seconds>', 'how long a run may take (30)', parseSeconds)
    .option('--timeout-ok', 'two that still run at the time limit are the same: for servers')
    .option('--ignore <regex>', 'output that matches is no difference (may be repeated)', parsePattern)
    .addOption(choice('--runner <name>', 'what runs the programs', VERIFY_CHOICES.runner))
    .option('--minimal', 'leave out each library in turn, and name those that no case needs')
    .addHelpText('after', VERIFY_EXAMPLES)
    .action(async (image: string, words: string[], _own, command: Command) => {
      const { verifyCommand } = await import('./commands/verify.js')
      const dashes = argv.indexOf('--')
      const args = dashes < 0 ? undefined : argv.slice(dashes + 1)
      const binaries = words.slice(0, words.length - (args?.length ?? 0))
      if (binaries.length === 0) command.error("error: missing required argument 'binary'")
      outcome.status = await verifyCommand(image, { binaries, args }, command.optsWithGlobals(), context)
    })
}

function choice(flags: string, text: string, choices: readonly string[]): Option {
  return new Option(flags, text).choices(choices).default(choices[0])
}
