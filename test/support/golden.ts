import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'

/** Requires a text to be the golden file's. With UPDATE_GOLDEN=1 the file is written instead: read the difference. */
export function matchesGolden(name: string, text: string): void {
  const file = new URL(`../golden/${name}`, import.meta.url)
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text)
  assert.equal(text, readFileSync(file, 'utf8'))
}
