import type { ImageName } from '../image/reference.js'
import type { Environment } from './engine-command.js'
import { isLoopback } from './proxy.js'
import { type Credentials, credentialsFor } from './registry-auth.js'
import type { Repository } from './registry-line.js'

/** What leads to a registry. */
export interface RegistryOptions {
  readonly insecureRegistries?: readonly string[] | undefined
  readonly env?: Environment | undefined
  readonly signal?: AbortSignal | undefined
}

/** The repository of a name on a host, which is the name's own registry or a mirror of it. */
export function repositoryOf(host: string, name: ImageName, options: RegistryOptions): Repository {
  return { origin: originOf(host, options), path: name.repository, name: name.text }
}

/** Asks for the credentials of a repository when they are wanted first, and never again. */
export function credentialsOnce(
  host: string,
  { repository }: ImageName,
  { env = process.env, signal }: RegistryOptions,
): () => Promise<Credentials | undefined> {
  return once(() => credentialsFor(host, repository, env, signal))
}

/** Docker's registry has another name as a host. */
const DOCKER_HUB = 'registry-1.docker.io'

/** HTTPS, but plain HTTP for this machine itself, where registries without certificates are common. */
function originOf(registry: string, { insecureRegistries = [] }: RegistryOptions): string {
  const host = registry === 'docker.io' ? DOCKER_HUB : registry
  const isPlain = isLoopback(host.replace(/:\d+$/, '')) || insecureRegistries.includes(registry)
  return `${isPlain ? 'http' : 'https'}://${host}`
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined
  return () => {
    answer ??= ask()
    return answer
  }
}
