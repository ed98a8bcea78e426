/** In the place of `image/fzstd-path.ts` in the bundle: fzstd is a bundle of its own beside it. */
export function fzstdPath(): string {
  return `${__dirname}/fzstd.cjs`
}
