/** In the place of `pack/fflate-path.ts` in the bundle: fflate is a bundle of its own beside it. */
export function fflatePath(): string {
  return `${__dirname}/fflate.cjs`
}
