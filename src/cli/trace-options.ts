import { type Command, Option } from 'commander'
import type { Context } from './context.js'
import { TRACE_EXAMPLES } from './help.js'
import { platformOption } from './options.js'
import { VERIFY_CHOICES } from './verify-options.js'
import { collect, parseSeconds } from './words.js'

/** Declares `liftbin trace`. */
export function addTrace(program: Command, context: Context, outcome: { status: number }): void {
  program
    .command('trace <image> <binary> [args...]')
    .usage('<image> <binary> [options] [-- args]')
    .description('run a program in its image, and print what its loader says that it loads')
    .option('-o, --output <file>', 'write to a file instead of stdout')
    .addOption(platformOption())
    .option('--stdin <file>', 'what the program reads; - is standard input')
    .option('--env <name=value>', 'put over the environment of the image (may be repeated)', collect)
    .option('--user <user>', "in place of the image's")
    .option('--workdir <directory>', "in place of the image's")
    .option('--timeout <seconds>', 'how long it may run (30)', parseSeconds)
    .option(
      '--timeout-ok',
      'a program that still runs at the time limit is as well as one that ends: for servers',
    )
    .addOption(
      new Option('--runner <name>', 'what runs the program')
        .choices(VERIFY_CHOICES.runner.filter((name) => name !== 'static'))
        .default('auto'),
    )
    .addHelpText('after', TRACE_EXAMPLES)
    .action(async (image: string, binary: string, args: string[], _own, command: Command) => {
      const { traceCommand } = await import('./commands/trace.js')
      outcome.status = await traceCommand(image, [binary, ...args], command.optsWithGlobals(), context)
    })
}
