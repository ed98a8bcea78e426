/**
 * In the place of `node:child_process` in the bundle. Commander loads that for commands that are programs of
 * their own, of which there are none here, and loading it takes a sixth of a bare start of Node.
 */
export function spawn(): never {
  throw new Error('liftbin has no commands that are programs of their own')
}
