import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of all samples. */
export const SAMPLES = fileURLToPath(new URL('../../samples', import.meta.url))

/** The names of the stories, one folder each. */
export function storyNames(): readonly string[] {
  const folders = readdirSync(SAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return folders.map(({ name }) => name).sort()
}

/** The text of one file of a story. */
export function storyFile(story: string, file: string): string {
  return readFileSync(join(SAMPLES, story, file), 'utf8')
}

/** A command of a README and what is written below it. */
export interface Step {
  readonly command: string
  readonly output: string
}

/** The commands of the one `console` block of a README; each begins with `$`. */
export function stepsOf(readme: string): readonly Step[] {
  return blockOf(readme)
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const end = text.indexOf('\n')
      return { command: text.slice(0, end), output: text.slice(end + 1) }
    })
}

/** The README with these steps in place of its own. */
export function withSteps(readme: string, steps: readonly Step[]): string {
  const block = steps.map(({ command, output }) => `$ ${command}\n${output}`).join('')
  return readme.replace(blockOf(readme), () => block)
}

function blockOf(readme: string): string {
  const [block, ...others] = [...readme.matchAll(/^```console\n((?:.*\n)*?)^```$/gm)]
  if (block?.[1] === undefined || others.length > 0) throw new Error('a README has one block of commands')
  return block[1]
}
