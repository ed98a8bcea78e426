import type { Image } from '../image/image.js'
import { type Finding, type FindingFacts, finding } from './finding.js'
import type { LiftedImage } from './lift.js'

/** What a lift or an audit says of its image. */
export function describeImage(image: Image): LiftedImage {
  const { reference, digest, platform, copySource, size, config } = image
  return {
    reference,
    platform,
    copySource,
    env: config.env,
    ...(digest === undefined ? {} : { digest }),
    ...(size === undefined ? {} : { size }),
    ...(config.user === undefined || config.user === '' ? {} : { user: config.user }),
    ...(config.workingDir === undefined ? {} : { workingDir: config.workingDir }),
  }
}

/** What is worth telling about the image itself. */
export function imageFindings({ config, copySource }: Image): Finding[] {
  const facts: FindingFacts[] = []
  for (const line of config.env) {
    if (/[\r\n]/.test(line)) facts.push({ kind: 'environment-dropped', name: line.split('=')[0] ?? '' })
  }
  if (config.user !== undefined && config.user !== '') facts.push({ kind: 'user', user: config.user })
  const { healthcheck } = config
  if (healthcheck !== undefined) facts.push({ kind: 'healthcheck-dropped', test: healthcheck })
  if (copySource.kind === 'image' && !copySource.pinned)
    facts.push({ kind: 'unpinned', from: copySource.from })
  return facts.map((fact) => finding(fact))
}
