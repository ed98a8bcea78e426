import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join as joinHost } from 'node:path'
import { decodeText } from '../../src/bytes.js'
import { follow } from '../../src/rootfs/follow.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import { basename, parent, type RootPath } from '../../src/rootfs/path.js'
import type { Entry, RootFs } from '../../src/rootfs/rootfs.js'
import { walk } from '../../src/rootfs/walk.js'
import { memberOf, paxOf, type TarMember } from './tar-builder.js'

/** What a test says to a request instead of the usual answer; true when it has taken care of it. */
export type Hook = (request: FakeRequest, response: ServerResponse) => boolean | Promise<boolean>

export interface FakeRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Of JSON its value, of anything else its bytes. */
  readonly body: unknown
}

/** An image of the fake engine: its files, and what differs from an ordinary description. */
export interface FakeImage {
  readonly tree: Readonly<Record<string, MemoryNode>>
  readonly inspect?: Readonly<Record<string, unknown>>
  /** Asked for a link, it packs what that leads to under the link's name, as Podman does. */
  readonly followsLinks?: true
  /** It makes root the owner of whatever is fetched, and tells the real ones only in an export, as Podman does. */
  readonly losesOwners?: true
}

const followers = new WeakSet<RootFs>()
const losers = new WeakSet<RootFs>()

/** An engine in this process that knows just the requests liftbin sends. */
export interface FakeEngine extends AsyncDisposable {
  /** The environment that leads to it. */
  readonly env: { readonly DOCKER_HOST: string; readonly PATH: string; readonly HOME: string }
  readonly socket: string
  /** `GET /containers/…/archive?path=/etc`, in order, container names left out. */
  readonly requests: string[]
  /** Names of the containers there are. */
  readonly containers: Set<string>
  /** Waits until a request whose line begins like this has come. */
  seen(beginning: string): Promise<void>
}

export const FAKE_ID = `sha256:${'ab'.repeat(32)}`

/** Starts one on a private socket. */
export async function fakeEngine(
  images: Readonly<Record<string, FakeImage>>,
  hook: Hook = () => false,
): Promise<FakeEngine> {
  const directory = mkdtempSync(joinHost(tmpdir(), 'liftbin-fake-'))
  const socket = joinHost(directory, 'engine.sock')
  const containers = new Map<string, RootFs>()
  const requests: string[] = []
  let watchers: { readonly beginning: string; readonly done: () => void }[] = []

  const note = (line: string) => {
    requests.push(line)
    for (const watcher of watchers) if (line.startsWith(watcher.beginning)) watcher.done()
    watchers = watchers.filter(({ beginning }) => !line.startsWith(beginning))
  }
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await requestOf(incoming)
    note(`${request.method} ${request.path.replace(/liftbin-[0-9a-f]+/, 'NAME')}${queryText(request)}`)
    if (await hook(request, response)) return
    const { method, path } = request
    if (/^\/images\/.+\/json$/.test(path)) return describe(images, request, response)
    if (/^\/images\/.+\/tag$/.test(path)) return send(response, 201, undefined)
    if (path === '/containers/create') return create(images, containers, request, response)
    const name = path.split('/')[2] ?? ''
    const rootfs = containers.get(name)
    if (rootfs === undefined) return send(response, 404, { message: `No such container: ${name}` })
    if (method === 'DELETE') {
      containers.delete(name)
      return send(response, 204, undefined)
    }
    if (losers.has(rootfs)) response.setHeader('Libpod-Api-Version', '4.3.1')
    return path.endsWith('/export') ? exportAll(rootfs, response) : archive(rootfs, request, response)
  }
  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error) => send(response, 500, { message: String(error) }))
  })
  await new Promise<void>((done) => server.listen(socket, done))
  return {
    env: { DOCKER_HOST: `unix://${socket}`, PATH: '', HOME: directory },
    socket,
    requests,
    get containers() {
      return new Set(containers.keys())
    },
    seen: (beginning) =>
      requests.some((line) => line.startsWith(beginning))
        ? Promise.resolve()
        : new Promise((done) => watchers.push({ beginning, done })),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function requestOf(incoming: IncomingMessage): Promise<FakeRequest> {
  const [path = '', query = ''] = (incoming.url ?? '').split('?')
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  const isJson = bytes.length > 0 && incoming.headers['content-type'] === 'application/json'
  return {
    method: incoming.method ?? '',
    path: decodeURIComponent(path),
    query: new URLSearchParams(query.replaceAll(/%([89A-Fa-f][0-9A-Fa-f])/g, '%25$1')),
    body: isJson ? JSON.parse(bytes.toString()) : bytes,
  }
}

function queryText({ query }: FakeRequest): string {
  const parts = [...query].filter(([key]) => key !== 'name').map(([key, value]) => `${key}=${value}`)
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

function describe(
  images: Readonly<Record<string, FakeImage>>,
  { path }: FakeRequest,
  response: ServerResponse,
): void {
  const name = path.slice('/images/'.length, -'/json'.length)
  const image = images[name]
  const usual = { Id: FAKE_ID, RepoTags: [], RepoDigests: [], Os: 'linux', Architecture: 'amd64', Size: 1000 }
  if (image === undefined) send(response, 404, { message: `No such image: ${name}` })
  else send(response, 200, { ...usual, ...image.inspect })
}

function create(
  images: Readonly<Record<string, FakeImage>>,
  containers: Map<string, RootFs>,
  { body, query }: FakeRequest,
  response: ServerResponse,
): void {
  const wanted = (body as { Image?: string }).Image
  const image = Object.values(images).find(({ inspect }) => (inspect?.Id ?? FAKE_ID) === wanted)
  if (image === undefined) {
    send(response, 404, { message: `No such image: ${wanted}` })
  } else {
    const rootfs = memoryRootFs(image.tree)
    if (image.followsLinks) followers.add(rootfs)
    if (image.losesOwners) losers.add(rootfs)
    containers.set(query.get('name') ?? '', rootfs)
    send(response, 201, { Id: 'c'.repeat(64) })
  }
}

async function archive(
  rootfs: RootFs,
  { method, query }: FakeRequest,
  response: ServerResponse,
): Promise<void> {
  const asked = pathOf(query.get('path') ?? '')
  const entry = await resolve(rootfs, asked)
  if (entry === undefined)
    return send(response, 404, { message: `Could not find the file ${asked} in container` })
  const leadsTo = entry.kind === 'symlink' ? ((await follow(rootfs, entry.path)).end?.path ?? '/gone') : ''
  response.setHeader('X-Docker-Container-Path-Stat', pathStat(entry, leadsTo))
  response.writeHead(200, { 'content-type': 'application/x-tar' })
  const target = followers.has(rootfs) ? (await follow(rootfs, entry.path)).end : undefined
  const shown = losers.has(rootfs) ? ownedByRoot(rootfs) : rootfs
  const top = target ?? entry
  const pieces = tarPieces(shown, (await shown.lstat(top.path)) ?? top, basename(entry.path))
  if (method !== 'HEAD') for await (const piece of pieces) response.write(piece)
  response.end()
}

async function exportAll(rootfs: RootFs, response: ServerResponse): Promise<void> {
  response.writeHead(200)
  const seen = new Map<string, string>()
  for await (const entry of walk(rootfs, '/'))
    for await (const piece of piecesOf(rootfs, entry, (path) => path.slice(1), seen)) response.write(piece)
  response.end(Buffer.alloc(1024))
}

function ownedByRoot(rootfs: RootFs): RootFs {
  const changed = <E extends Entry>(entry: E): E => ({ ...entry, uid: 0, gid: 0 })
  return {
    ...rootfs,
    lstat: async (path) => {
      const entry = await rootfs.lstat(path)
      return entry && changed(entry)
    },
    list: async (directory) => (await rootfs.list(directory)).map(changed),
  }
}

/** As an engine does: links in the directory part are followed, the last one is not. */
async function resolve(rootfs: RootFs, path: RootPath): Promise<Entry | undefined> {
  const above = (await follow(rootfs, parent(path))).end
  if (path === '/' || above === undefined) return path === '/' ? above : undefined
  return rootfs.lstat(`${above.path === '/' ? '' : above.path}/${basename(path)}`)
}

/** The query reached us with its non-ASCII bytes still encoded; names are bytes. */
function pathOf(query: string): RootPath {
  const bytes = Buffer.from(
    query.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
  return decodeText(bytes) as RootPath
}

const GO_KIND = { file: 0, directory: 2 ** 31, symlink: 2 ** 27, special: 2 ** 26 + 2 ** 21 }

function pathStat(entry: Entry, linkTarget: string): string {
  const special = [
    [0o4000, 2 ** 23],
    [0o2000, 2 ** 22],
    [0o1000, 2 ** 20],
  ] as const
  const bits = special.reduce((sum, [bit, go]) => sum + (entry.mode & bit ? go : 0), 0)
  const mode = GO_KIND[entry.kind] + bits + (entry.mode & 0o777)
  const size = entry.kind === 'file' ? entry.size : 0
  const mtime = new Date((entry.mtime ?? 0) * 1000 + 999).toISOString()
  const stat = { name: basename(entry.path), size, mode, mtime, linkTarget }
  return Buffer.from(JSON.stringify(stat)).toString('base64')
}

async function* tarPieces(rootfs: RootFs, top: Entry, name: string): AsyncGenerator<Buffer> {
  const seen = new Map<string, string>()
  const nameOf = (path: RootPath) => (top.path === '/' ? path : `${name}${path.slice(top.path.length)}`)
  const all = top.kind === 'directory' ? walk(rootfs, top.path) : []
  yield* piecesOf(rootfs, top, nameOf, seen)
  for await (const entry of all) yield* piecesOf(rootfs, entry, nameOf, seen)
  yield Buffer.alloc(1024)
}

async function* piecesOf(
  rootfs: RootFs,
  entry: Entry,
  nameOf: (path: RootPath) => string,
  seen: Map<string, string>,
): AsyncGenerator<Buffer> {
  const { mode, uid, gid, mtime = 0 } = entry
  const path = nameOf(entry.path)
  const named = { path: path.slice(0, 99), mode, uid, gid, mtime }
  if (path.length > 99 || !path.isWellFormed()) yield memberOf(paxOf({ path }))
  if (entry.kind === 'directory') yield memberOf({ ...named, path: `${named.path}/`, type: '5' })
  else if (entry.kind === 'symlink') yield memberOf({ ...named, type: '2', target: entry.target })
  else if (entry.kind === 'special') yield memberOf({ ...named, type: '3' })
  else yield memberOf(await fileMember(rootfs, entry, named, seen, path))
}

async function fileMember(
  rootfs: RootFs,
  entry: Entry & { kind: 'file' },
  named: TarMember,
  seen: Map<string, string>,
  path: string,
): Promise<TarMember> {
  const first = seen.get(entry.identity)
  seen.set(entry.identity, first ?? path)
  if (first !== undefined) return { ...named, type: '1', target: first }
  return { ...named, content: await rootfs.open(entry).read(0, entry.size) }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}
