import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LdDebugText } from '../../src/trace/ld-debug.js'

function told(text: string): readonly string[] {
  const reader = new LdDebugText()
  for (const line of text.split('\n')) reader.add(line)
  return reader.sightings
    .observed()
    .map(({ how, path, by }) => `${how} ${path}${by === undefined ? '' : ` by ${by}`}`)
}

const RUN = `      4711:\t
      4711:\tfile=libc.so.6 [0];  needed by ./app [0]
      4711:\tfind library=libc.so.6 [0]; searching
      4711:\t search path=/opt/lib\t\t(RUNPATH from file ./app)
      4711:\t  trying file=/opt/lib/libc.so.6
      4711:\t search cache=/etc/ld.so.cache
      4711:\t  trying file=/lib/x86_64-linux-gnu/libc.so.6
      4711:\t
      4711:\tfile=libc.so.6 [0];  generating link map
      4711:\t  dynamic: 0x00007f  base: 0x00007f   size: 0x1
      4711:\tcalling init: /lib64/ld-linux-x86-64.so.2
      4711:\tinitialize program: ./app
      4711:\ttransferring control: ./app
plugged: the program's own words
      4711:\tfile=/opt/app/one.so [0];  dynamically loaded by ./app [0]
      4711:\tfile=/opt/app/one.so [0];  generating link map
      4711:\tcalling init: /opt/app/one.so
      4711:\tfile=/opt/app/two.so [0];  dynamically loaded by ./app [0]
      4711:\tcalling fini: /opt/app/three.so [0]`

test('objects that were mapped and the program are told, what was only tried is not', () => {
  assert.deepEqual(told(RUN), [
    'read /lib/x86_64-linux-gnu/libc.so.6',
    'read /lib64/ld-linux-x86-64.so.2',
    'run ./app',
    'read /opt/app/one.so by ./app',
  ])
})

test('each process has a search of its own', () => {
  const text =
    '      1:\t  trying file=/a/libx.so\n      2:\t  trying file=/b/libx.so\n      1:\tfile=libx.so [0];  generating link map'
  assert.deepEqual(told(text), ['read /a/libx.so'])
})

test('a program that is known by its name alone is not told', () => {
  assert.deepEqual(told('      1:\tinitialize program: app'), [])
})

test("lines without the number of a process and a tab are not the loader's", () => {
  const reader = new LdDebugText()
  for (const line of ['calling init: /a', '1: calling init: /a', 'x 1:\tcalling init: /a'])
    assert.equal(reader.add(line), false)
})
