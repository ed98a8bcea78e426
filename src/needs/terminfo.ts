import { envOf } from '../image/config.js'
import { type Finder, importsAny, type Need } from './finder.js'

const READLINE = ['rl_initialize', 'readline', 'rl_callback_handler_install', 'el_init', 'el_init_fd']
const SYMBOLS = [
  'setupterm',
  '_nc_setupterm',
  '_nc_read_entry',
  '_nc_read_entry2',
  '_nc_read_file_entry',
  'initscr',
  'newterm',
  'newterm_sp',
  'tgetent',
  'tgetent_sp',
  ...READLINE,
]

/** Where databases lie (terminfo(5), "Fetching Compiled Descriptions"). */
const DATABASES = ['/etc/terminfo', '/lib/terminfo', '/usr/share/terminfo'] as const

/** What TERM is at nearly all terminals. */
const USUAL = [
  'xterm',
  'xterm-256color',
  'linux',
  'screen',
  'screen-256color',
  'tmux',
  'tmux-256color',
  'vt100',
  'dumb',
]

/** Descriptions of terminals: the usual ones and that of TERM where the image sets it are small, all together are not. */
export const terminfo: Finder = {
  describe: 'descriptions of terminals',
  symbols: SYMBOLS,
  reads: 'all',
  find: (subject, { config }) => {
    if (!importsAny(subject, SYMBOLS)) return []
    const term = envOf(config, 'TERM') ?? ''
    const why = 'draws on a terminal'
    const names = NAME.test(term) ? [...new Set([term, ...USUAL])] : USUAL
    return [
      ...names.flatMap((name) => DATABASES.map((database) => likely(`${database}/${name[0]}/${name}`, why))),
      ...(importsAny(subject, READLINE) ? [likely('/etc/inputrc', 'edits lines as it says')] : []),
      ...DATABASES.map((path): Need => ({ kind: 'path', path, confidence: 'possible', why })),
    ]
  },
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9+_.-]{0,63}$/

function likely(path: `/${string}`, why: string): Need {
  return { kind: 'path', path, confidence: 'likely', why }
}
