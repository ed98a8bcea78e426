/**
 * In the place of `node:os` in the bundle: it is loaded when it is asked something, which few runs do, and loading it
 * takes an eightieth of a bare start of Node.
 */
export function homedir(): string {
  return load().homedir()
}

/** How much may run at once. */
export function availableParallelism(): number {
  return load().availableParallelism()
}

/** The directory for temporary files. */
export function tmpdir(): string {
  return load().tmpdir()
}

function load(): typeof import('node:os') {
  // biome-ignore lint/style/useNodejsImportProtocol: by its other name the bundle would put this file in its place
  return require('os')
}
