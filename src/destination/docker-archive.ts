import { dockerArchive, tagName } from '../pack/docker-archive.js'
import type { Packing } from '../pack/packing.js'
import { parseHostLocation } from '../source/host-location.js'
import type { Destination } from './destination.js'
import { leftOut } from './left-out.js'
import { writeFileOf } from './new-file.js'

/** `docker-archive:FILE[:NAME]`: what `docker save` writes. */
export const writeDockerArchive: Destination['write'] = async (location, packings, options) => {
  const [packing] = packings as [Packing]
  const { path, name } = parseHostLocation(location)
  const names = name === undefined ? [] : [tagName(name)]
  options.onStep?.(`writing ${path}`)
  const imageId = await writeFileOf(path, dockerArchive(packing, names, options), options)
  return { reference: `docker-archive:${location}`, imageId, warnings: leftOut(packing) }
}
