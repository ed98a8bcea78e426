import { formatPlatform } from '../image/platform.js'
import type { PlatformLift } from './emitter.js'

/** The lifts in the order of their platforms' names, so that the order they come in means nothing. */
export function byPlatform(lifts: readonly PlatformLift[]): readonly PlatformLift[] {
  const named = lifts.map((one) => ({ one, name: formatPlatform(one.platform) }))
  return named.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)).map(({ one }) => one)
}
