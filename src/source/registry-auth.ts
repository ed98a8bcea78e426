import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LiftError } from '../errors.js'
import { type JsonObject, objectOf, textOf } from '../image/json-fields.js'
import { type Environment, runCommand } from './engine-command.js'
import { homeDirectory } from './home.js'

/** What a user has for a registry. Never printed. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | { readonly kind: 'identity-token'; readonly token: string }

/** The key that Docker files its own registry's credentials under. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/'

/**
 * The credentials that `docker login` or `podman login` left for a registry: from REGISTRY_AUTH_FILE alone where
 * that is set, else from DOCKER_CONFIG or ~/.docker, then from Podman's files. Helpers are asked as Docker asks
 * them. Undefined when there are none. Throws LiftError 'unreadable' for a file that is no JSON, and
 * 'registry-denied' for a helper that fails.
 */
export async function credentialsFor(
  registry: string,
  repository: string,
  env: Environment,
  signal?: AbortSignal,
  patience = HELPER_PATIENCE,
): Promise<Credentials | undefined> {
  const ask: AskHelper = (helper, server) => askHelper(helper, server, env, signal, patience)
  for (const file of authFiles(env)) {
    const config = readConfig(file)
    if (config === undefined) continue
    const found = await credentialsIn(config, registry, repository, ask)
    if (found !== undefined) return found
  }
  return undefined
}

function authFiles(env: Environment): string[] {
  if (env.REGISTRY_AUTH_FILE) return [env.REGISTRY_AUTH_FILE]
  const home = homeDirectory(env)
  const below = (base: string | undefined, ...names: string[]) => (base ? [join(base, ...names)] : [])
  return [
    ...below(env.DOCKER_CONFIG || (home && join(home, '.docker')), 'config.json'),
    ...below(env.XDG_RUNTIME_DIR, 'containers/auth.json'),
    ...below(env.XDG_CONFIG_HOME || (home && join(home, '.config')), 'containers/auth.json'),
  ]
}

function readConfig(file: string): JsonObject | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  try {
    return objectOf(JSON.parse(text))
  } catch {
    // What is wrong in it stays unsaid: the message would quote it.
    throw new LiftError('unreadable', `${file}, which holds credentials for registries, is not JSON`)
  }
}

async function credentialsIn(
  config: JsonObject,
  registry: string,
  repository: string,
  ask: AskHelper,
): Promise<Credentials | undefined> {
  const keys = keysFor(registry, repository)
  const helpers = objectOf(config.credHelpers)
  for (const key of keys) {
    const helper = textOf(helpers[key])
    if (helper !== undefined) return ask(helper, key)
  }
  const auths = objectOf(config.auths)
  const store = textOf(config.credsStore)
  for (const key of keys) {
    const held = credentialsOf(objectOf(auths[key]))
    if (held !== undefined) return held
  }
  if (store === undefined) return undefined
  return ask(store, registry === 'docker.io' ? DOCKER_HUB_KEY : registry)
}

/** The most specific first: Podman files credentials under repositories and namespaces too. */
function keysFor(registry: string, repository: string): string[] {
  const parts = repository.split('/')
  const scopes = parts.map((_, index) => `${registry}/${parts.slice(0, parts.length - index).join('/')}`)
  const hosts = [registry, `https://${registry}`, `https://${registry}/v1/`, `https://${registry}/v2/`]
  return registry === 'docker.io'
    ? [...scopes, DOCKER_HUB_KEY, 'docker.io', 'index.docker.io', 'registry-1.docker.io']
    : [...scopes, ...hosts]
}

function credentialsOf(entry: JsonObject): Credentials | undefined {
  const token = textOf(entry.identitytoken)
  if (token !== undefined) return { kind: 'identity-token', token }
  const auth = textOf(entry.auth)
  const decoded = auth === undefined ? undefined : Buffer.from(auth, 'base64').toString('utf8')
  const colon = decoded?.indexOf(':') ?? -1
  if (decoded !== undefined && colon > 0) {
    const password = decoded.slice(colon + 1).replace(/\0+$/, '')
    return { kind: 'password', username: decoded.slice(0, colon), password }
  }
  const [username, password] = [textOf(entry.username), textOf(entry.password)]
  return username === undefined || password === undefined
    ? undefined
    : { kind: 'password', username, password }
}

type AskHelper = (helper: string, server: string) => Promise<Credentials | undefined>

/** Time to unlock a key ring, in milliseconds. */
const HELPER_PATIENCE = 120_000

/** `docker-credential-NAME get`, the server's name on its input (docker-credential-helpers, "Development"). */
async function askHelper(
  name: string,
  server: string,
  env: Environment,
  signal: AbortSignal | undefined,
  patience: number,
): Promise<Credentials | undefined> {
  if (!/^[A-Za-z0-9._-]+$/.test(name)) throw helperFailed(name, 'its name is not valid')
  const late = AbortSignal.timeout(patience)
  const either = signal === undefined ? late : AbortSignal.any([signal, late])
  const said = await runCommand(`docker-credential-${name}`, ['get'], env, either, `${server}\n`).catch(
    (error) => {
      throw signal?.aborted || !late.aborted ? error : helperFailed(name, 'it does not answer')
    },
  )
  if (!said.isInstalled) throw helperFailed(name, 'it is not installed')
  if (!said.ok) {
    if (/credentials not found/i.test(`${said.stdout}${said.stderr}`)) return undefined
    throw helperFailed(name, 'it failed')
  }
  try {
    const { Username, Secret } = objectOf(JSON.parse(said.stdout))
    const [username, secret] = [textOf(Username), textOf(Secret)]
    if (username === undefined || secret === undefined) return undefined
    if (username === '<token>') return { kind: 'identity-token', token: secret }
    return { kind: 'password', username, password: secret }
  } catch {
    throw helperFailed(name, 'its answer is not JSON')
  }
}

function helperFailed(name: string, why: string): LiftError {
  return new LiftError(
    'registry-denied',
    `the credential helper docker-credential-${name} cannot be used: ${why}`,
    {
      hint: 'See credsStore and credHelpers in the Docker configuration.',
    },
  )
}
