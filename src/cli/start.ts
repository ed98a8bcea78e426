#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import type NodeModuleClass from 'node:module'
import { Script } from 'node:vm'

/**
 * Starts the shipped command line: the bundles next to this file, each with V8's code cache where the build left
 * one for this Node, since compiling is half of what a short run does. Without a cache, or when V8 refuses it,
 * Node loads the bundle as it loads any file.
 */
const Module = module.constructor as typeof NodeModuleClass // what 'node:module' exports, without loading that
load(`${__dirname}/command.cjs`)

function load(file: string): unknown {
  const known = require.cache[file]
  if (known !== undefined) return known.exports
  const run = withCache(file)
  if (run === undefined) return require(file)
  const module = Object.assign(new Module(file), { filename: file })
  require.cache[file] = module
  run(module.exports, requireNear, module, file, __dirname)
  return module.exports
}

/** A bundle asks for other bundles and for modules that Node knows. */
function requireNear(name: string): unknown {
  return name.startsWith('./') ? load(`${__dirname}/${name.slice(2)}`) : require(name)
}

/** What Node makes of the text of a CommonJS module. */
type ModuleFunction = (
  exports: object,
  require: (name: string) => unknown,
  module: NodeModule,
  file: string,
  directory: string,
) => void

function withCache(file: string): ModuleFunction | undefined {
  const kept = readIfThere(`${file}.${process.version}-${process.arch}.cache`)
  if (kept === undefined) return undefined
  const text = readFileSync(file)
  // V8 compares lengths alone, so the text that the cache was made of follows it; half a file has no such end.
  const end = kept.length - text.length
  if (end < 0 || !kept.subarray(end).equals(text)) return undefined
  const cachedData = kept.subarray(0, end)
  const code = Module.wrap(text.toString('latin1'))
  const script = new Script(code, { filename: file, cachedData })
  return script.cachedDataRejected ? undefined : script.runInThisContext()
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}
