/**
 * For `node --require`: counts what the process asks of the host's files below LIFTBIN_COUNT_ROOT and of an
 * engine, and writes the numbers, with the peak of memory, to the file LIFTBIN_COUNT_INTO when it ends.
 */
const { subscribe } = require('node:diagnostics_channel')
const fs = require('node:fs')

const { LIFTBIN_COUNT_ROOT: root, LIFTBIN_COUNT_INTO: into } = process.env
const counts = { opens: 0, lstats: 0, readlinks: 0, listings: 0, reads: 0, bytes: 0, requests: {} }
const descriptors = new Set()
const { openSync, readSync, closeSync, writeFileSync } = fs

const isBelow = (path) => root !== undefined && String(path).startsWith(`${root}/`)

fs.openSync = (path, ...rest) => {
  const descriptor = openSync(path, ...rest)
  if (isBelow(path)) {
    counts.opens++
    descriptors.add(descriptor)
  }
  return descriptor
}
fs.closeSync = (descriptor) => {
  descriptors.delete(descriptor)
  closeSync(descriptor)
}
fs.readSync = (descriptor, ...rest) => {
  const length = readSync(descriptor, ...rest)
  if (descriptors.has(descriptor)) {
    counts.reads++
    counts.bytes += length
  }
  return length
}
for (const [name, kind] of [
  ['lstatSync', 'lstats'],
  ['statSync', 'lstats'],
  ['readlinkSync', 'readlinks'],
  ['readdirSync', 'listings'],
]) {
  const original = fs[name]
  fs[name] = (path, ...rest) => {
    if (isBelow(path)) counts[kind]++
    return original(path, ...rest)
  }
}
// A reading that goes round the functions above would not be seen, so it is no reading here.
for (const name of ['readFileSync', 'readvSync', 'read', 'open', 'readFile', 'createReadStream']) {
  const original = fs[name]
  fs[name] = (path, ...rest) => {
    if (isBelow(path) || descriptors.has(path)) throw new Error(`counting.cjs does not count fs.${name}`)
    return original(path, ...rest)
  }
}

subscribe('http.client.request.start', ({ request }) => {
  const what = `${request.method} ${request.path.includes('/archive?') ? 'archive' : 'other'}`
  counts.requests[what] = (counts.requests[what] ?? 0) + 1
})

process.on('exit', () => {
  const peak = process.resourceUsage().maxRSS / 1024
  writeFileSync(into, JSON.stringify({ ...counts, peak }))
})
