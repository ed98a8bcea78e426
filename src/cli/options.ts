import { type Command, Option } from 'commander'
import { collect, parseWords } from './words.js'

/** `--platform`, for commands that look at one. */
export function platformOption(): Option {
  return new Option('--platform <os/arch>', 'which platform of the image').argParser(collect)
}

/** `--platform`, for commands that answer for several at once. */
export function platformsOption(): Option {
  return new Option(
    '--platform <list>',
    'which platform of the image, or several with commas between them',
  ).argParser(collect)
}

/** `--ldd`. */
export function lddOption(): Option {
  return new Option(
    '--ldd',
    'where something is missing, let the loader itself run inside the image, confined',
  )
}

/** The options that say which needs are taken along that no header names. */
export function addNeedOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--needs <least>',
        'what a run needs besides libraries, if it is this sure (default: "certain")',
      ).choices(['none', 'certain', 'likely', 'possible']),
    )
    .option('--with <finder>', 'all that this finder knows of, however sure; see below', collect)
    .option('--without <finder>', 'nothing of what this finder knows (both may be repeated)', collect)
}

/** `--trace`, of commands that lift. */
export function traceOption(): Option {
  return new Option(
    '--trace <file>',
    "what a run opened: strace's text or LD_DEBUG's; - is standard input",
  ).argParser(collect)
}

/** The options that say how a new image is run. */
export function addConfigOptions(command: Command): Command {
  return command
    .option('--entrypoint <words>', 'ENTRYPOINT: a JSON array, or words between blanks', parseWords)
    .option('--cmd <words>', 'CMD, likewise', parseWords)
    .option('--user <user>', 'USER: a number, or number:number')
    .option('--env <name=value>', 'ENV (may be repeated)', collect)
    .option('--workdir <directory>', 'WORKDIR')
    .option('--label <name=value>', 'LABEL (may be repeated)', collect)
}
