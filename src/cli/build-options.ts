import { type Command, Option } from 'commander'
import type { Context } from './context.js'
import { BUILD_EXAMPLES } from './help.js'
import { addConfigOptions, addNeedOptions, lddOption, platformsOption, traceOption } from './options.js'
import { collect } from './words.js'

/** Declares `liftbin build`. */
export function addBuild(program: Command, context: Context, outcome: { status: number }): void {
  const build = program
    .command('build <image> [binary...]')
    .usage('[options] <image> <binary...>\n       liftbin build [options] <image> --include <path>')
    .description('make the image itself, without a Dockerfile or a daemon')
    .requiredOption('--to <destination>', 'where the image goes; see below')
    .addOption(
      new Option('-f, --format <name>', 'what to print').choices(['digest', 'json']).default('digest'),
    )
    .addOption(platformsOption())
    .option('--include <path>', 'lift this file, directory or glob as well (may be repeated)', collect)
    .addOption(traceOption())
    .addOption(lddOption())
  addConfigOptions(addNeedOptions(build))
    .option('--annotation <name=value>', 'an annotation of the manifest (may be repeated)', collect)
    .addOption(
      new Option('--compression <name>', 'of layers, in OCI images and registries')
        .choices(['gzip', 'none'])
        .default('gzip'),
    )
    .option('--no-packages', 'leave out what scanners read to see packages')
    .option('--force', 'write the image even if something is missing in it')
    .addHelpText('after', BUILD_EXAMPLES)
    .action(async (image: string, binaries: string[], _own, command: Command) => {
      const { buildCommand } = await import('./commands/build.js')
      outcome.status = await buildCommand(image, binaries, command.optsWithGlobals(), context)
    })
}
