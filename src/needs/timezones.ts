import { envOf } from '../image/config.js'
import { join, normalise } from '../rootfs/path.js'
import { type Finder, importsAny, type Need } from './finder.js'

const SYMBOLS = ['localtime', 'localtime_r', 'tzset', 'mktime']
const DATABASE = '/usr/share/zoneinfo'

/** Files of time zones: that of TZ where the image sets it, else the local one (tzset(3)). */
export const timezones: Finder = {
  describe: 'files of time zones',
  symbols: SYMBOLS,
  reads: 'all',
  find: (subject, { config }) => {
    if (!importsAny(subject, SYMBOLS)) return []
    const zone = envOf(config, 'TZ')?.replace(/^:/, '') ?? ''
    return [
      zone === '' ? LOCAL : zoneNeed(zone),
      {
        kind: 'path',
        path: DATABASE,
        confidence: 'possible',
        why: 'tells the time of any zone that TZ names',
      },
    ]
  },
}

const LOCAL: Need = {
  kind: 'path',
  path: '/etc/localtime',
  confidence: 'likely',
  why: 'tells the local time',
}

/** A text like `CET-1CEST` is a rule by itself; no file has that name then. */
function zoneNeed(zone: string): Need {
  const path = normalise(join(DATABASE, zone))
  return {
    kind: 'path',
    path,
    confidence: 'likely',
    why: `tells the time of the zone that TZ names, ${zone}`,
  }
}
