import { type ChildProcess, spawn } from 'node:child_process'
import { createPrivateKey, createSign, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { must } from './surroundings.js'

/** The one who may log in. */
export const USER = { name: 'me', password: 'secret' }
/** `crypt` of the password with bcrypt, which is all that the registry reads. */
const HTPASSWD = `${USER.name}:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n`

export interface Running extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string
}

/** Starts Debian's registry on loopback over a folder of contents. `auth` is a part of its configuration. */
export async function startRegistry(folder: string, auth: object = {}): Promise<Running> {
  const port = await freePort()
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'contents') } },
    http: { addr: `127.0.0.1:${port}` },
    ...(Object.keys(auth).length === 0 ? {} : { auth }),
  }
  const file = join(folder, `config-${port}.yml`)
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config))
  const child = spawn('docker-registry', ['serve', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  await answering(child, `http://127.0.0.1:${port}/v2/`)
  return {
    host: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'close')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** The `auth` part for a file of users. */
export function basicAuth(folder: string): object {
  const path = join(folder, 'htpasswd')
  writeFileSync(path, HTPASSWD)
  return { htpasswd: { realm: 'test', path } }
}

/** A token service that the registry trusts: RS256 with its certificate in the header, as the registry wants it. */
export async function startTokenService(
  folder: string,
): Promise<Running & { readonly auth: object; readonly given: () => number }> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=test']
  must('openssl', [...request, '-keyout', key, '-out', certificate])
  const sign = signer(readFileSync(key), readFileSync(certificate))
  let given = 0
  const server = createServer((incoming, response) => {
    const expected = `Basic ${Buffer.from(`${USER.name}:${USER.password}`).toString('base64')}`
    const scope = new URL(incoming.url ?? '', 'http://x').searchParams.get('scope') ?? ''
    if (incoming.headers.authorization !== expected) return void response.writeHead(401).end()
    given++
    response.end(JSON.stringify({ token: sign(scope) }))
  })
  const host = await listening(server)
  const auth = {
    token: { realm: `http://${host}/token`, service: 'test', issuer: 'test', rootcertbundle: certificate },
  }
  return {
    host,
    auth,
    given: () => given,
    [Symbol.asyncDispose]: async () => void server.close().closeAllConnections(),
  }
}

function signer(key: Buffer, certificate: Buffer): (scope: string) => string {
  const privateKey = createPrivateKey(key)
  const x5c = [new X509Certificate(certificate).raw.toString('base64')]
  return (scope) => {
    const now = Math.floor(Date.now() / 1000)
    const [type, name, actions = ''] = scope.split(':')
    const access = [{ type, name, actions: actions.split(',') }]
    const times = { iat: now, nbf: now - 10, exp: now + 60 }
    const claims = { iss: 'test', aud: 'test', sub: USER.name, jti: '1', ...times, access }
    const parts = [{ alg: 'RS256', typ: 'JWT', x5c }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    )
    const signature = createSign('RSA-SHA256').update(parts.join('.')).sign(privateKey, 'base64url')
    return [...parts, signature].join('.')
  }
}

/** Listens on loopback; gives `127.0.0.1:PORT`. */
export async function listening(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function freePort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

async function answering(child: ChildProcess, url: string): Promise<void> {
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  while (child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer !== undefined) return
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Error(`the registry does not start: ${said}`)
}
