/**
 * In the place of `node:assert` in the bundle. elfy loads that for reading sections, which is never asked of it
 * here, and loading it takes a twelfth of a bare start of Node.
 */
export function equal(): never {
  throw new Error('liftbin reads no sections')
}
