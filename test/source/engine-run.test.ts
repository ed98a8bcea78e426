import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { openImage } from '../../src/source/index.js'
import { type FakeEngine, fakeEngine, type Hook } from '../support/fake-engine.js'

const DEMO = { demo: { tree: { '/bin/tool': 'tool' } } }
const COMMAND = { argv: ['/lib/ld.so', '--list', '/bin/tool'], env: { LC_ALL: 'C' }, user: 'nobody' } as const

/** One piece of a container's output as an engine frames it. */
function frame(stream: 1 | 2, text: string): Buffer {
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0])
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}

function answer(response: ServerResponse, status: number, body: unknown): true {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  return true
}

/** Plays a container that prints and ends; `changed` may answer differently. */
function container(output: Buffer, changed: Hook = () => false): Hook {
  let attached: ServerResponse | undefined
  return async (request, response) => {
    if (await changed(request, response)) return true
    if (request.path.endsWith('/attach')) {
      attached = response
      response.writeHead(200, { connection: 'close' }).flushHeaders()
      return true
    }
    if (request.path.endsWith('/start')) {
      attached?.end(output)
      return answer(response, 204, undefined)
    }
    return request.path.endsWith('/wait') ? answer(response, 200, { StatusCode: 3 }) : false
  }
}

async function runIn(engine: FakeEngine, signal?: AbortSignal) {
  await using image = await openImage('docker:demo', { env: engine.env })
  const before = engine.containers.size
  try {
    return await image.run?.({ ...COMMAND, ...(signal === undefined ? {} : { signal }) })
  } finally {
    assert.equal(engine.containers.size, before)
  }
}

test('what a program prints comes back by stream, with its exit status, and its container is removed', async () => {
  const output = Buffer.concat([frame(1, '\ta (0x1)\n'), frame(2, 'oh\n'), frame(1, '\tb (0x2)\n')])
  await using engine = await fakeEngine(DEMO, container(output))
  assert.deepEqual(await runIn(engine), { stdout: '\ta (0x1)\n\tb (0x2)\n', stderr: 'oh\n', status: 3 })
})

test('a program of an image gets no network, no rights, nothing to write to and little of the machine', async () => {
  const bodies: { readonly [key: string]: unknown; readonly HostConfig: Record<string, unknown> }[] = []
  await using engine = await fakeEngine(
    DEMO,
    container(Buffer.alloc(0), ({ path, body }) => {
      if (path === '/containers/create') bodies.push(body as never)
      return false
    }),
  )
  await runIn(engine)
  const { HostConfig: limits, ...body } = bodies.find(({ Entrypoint }) => Entrypoint !== undefined)!
  assert.deepEqual([body.Entrypoint, body.Cmd], [['/lib/ld.so'], ['--list', '/bin/tool']])
  assert.deepEqual([body.User, body.Env, body.NetworkDisabled], ['65534:65534', ['LC_ALL=C'], true])
  assert.deepEqual([limits.NetworkMode, limits.ReadonlyRootfs], ['none', true])
  assert.deepEqual([limits.CapDrop, limits.SecurityOpt], [['ALL'], ['no-new-privileges']])
  for (const bound of ['PidsLimit', 'Memory', 'NanoCpus']) assert.ok(Number(limits[bound]) > 0, bound)
})

test('a container that does not start is removed, and the reason told', async () => {
  await using engine = await fakeEngine(
    DEMO,
    container(Buffer.alloc(0), ({ path }, response) =>
      path.endsWith('/start') ? answer(response, 400, { message: 'exec format error' }) : false,
    ),
  )
  await assert.rejects(runIn(engine), { code: 'engine-failed', message: /exec format error/ })
})

test('a program that prints without end is cut off, and its container removed', async () => {
  await using engine = await fakeEngine(DEMO, container(frame(1, 'x'.repeat(2 << 20))))
  await assert.rejects(runIn(engine), { code: 'limit' })
})

test('an interruption while a program runs removes its container', async () => {
  const abort = new AbortController()
  await using engine = await fakeEngine(
    DEMO,
    container(Buffer.alloc(0), ({ path }, response) => {
      if (!path.endsWith('/start')) return false
      setImmediate(() => abort.abort())
      return answer(response, 204, undefined)
    }),
  )
  await assert.rejects(runIn(engine, abort.signal), { code: 'interrupted' })
})

test('frames that claim more than there is give what there is', async () => {
  const cut = frame(1, 'whole').subarray(0, 10)
  await using engine = await fakeEngine(DEMO, container(Buffer.concat([cut])))
  assert.equal((await runIn(engine))?.stdout, 'wh')
})
