import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { BOOKWORM } from './cases.js'
import { CLI, docker, liftbin, must, root, run, runImage, withFolder } from './surroundings.js'

/** Opens a library whose name it makes up as it runs, with one that the library needs, and then a file. */
const PROGRAM = `#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv) {
  char name[99], line[99] = "";
  snprintf(name, sizeof name, "/opt/app/plugins/%s.so", argc > 1 ? argv[1] : "one");
  void *plugin = dlopen(name, RTLD_NOW);
  if (!plugin) { fprintf(stderr, "%s\\n", dlerror()); return 3; }
  printf("%s\\n", ((const char *(*)(void)) dlsym(plugin, "word"))());
  FILE *conf = fopen("/opt/app/conf", "r");
  puts(conf && fgets(line, sizeof line, conf) ? line : "no conf");
  return 0;
}`
const PLUGIN = 'const char *deep(void); const char *word(void) { return deep(); }'
const DEEP = 'const char *deep(void) { return "plugged"; }'

/** What makes `/opt/app` in a root. */
function install(directory: string): void {
  const at = join(directory, 'opt/app')
  mkdirSync(join(at, 'plugins'), { recursive: true })
  const compile = (input: string, out: string, ...words: readonly string[]) =>
    must('gcc', ['-o', `${at}/${out}`, '-x', 'c', '-', '-x', 'none', ...words], { input })
  compile(DEEP, 'plugins/libdeep.so', '-shared', '-fPIC', '-Wl,-soname,libdeep.so')
  compile(PLUGIN, 'plugins/one.so', '-shared', '-fPIC', `${at}/plugins/libdeep.so`, '-Wl,-rpath,$ORIGIN')
  compile(PROGRAM, 'app')
  writeFileSync(`${at}/conf`, 'configured')
}

/** A small root with the C library and `/opt/app`. */
function installedRoot(folder: string): void {
  const to = `dir:${join(folder, 'root')}`
  const { status, stderr } = liftbin('build', `dir:${root('bookworm')}`, '/usr/bin/true', '--to', to)
  assert.equal(status, 0, stderr)
  install(join(folder, 'root'))
}

function appImage(folder: string): string {
  install(folder)
  const tag = `liftbin-e2e-trace:${process.pid}`
  writeFileSync(join(folder, 'Dockerfile'), `FROM ${BOOKWORM}\nCOPY opt /opt\nENTRYPOINT ["/opt/app/app"]\n`)
  must('docker', ['build', '--quiet', '--tag', tag, folder])
  return tag
}

const APP = '/opt/app/app'

describe('a program that opens a library by a name it makes up', () => {
  test('of a Docker image, works in a lift that was told of a run, and in no other', async () => {
    await withFolder((folder) => {
      const image = appImage(folder)
      const built = (name: string, ...options: readonly string[]) => {
        const tag = `liftbin-e2e-traced-${name}:${process.pid}`
        const { status, stderr } = liftbin(
          'build',
          `docker:${image}`,
          APP,
          ...options,
          '--to',
          `docker:${tag}`,
        )
        assert.equal(status, 0, stderr)
        return tag
      }
      assert.equal(runImage(built('without')).status, 3)
      const trace = join(folder, 'run.txt')
      const traced = liftbin('trace', `docker:${image}`, APP, '-o', trace)
      assert.equal(traced.status, 0, traced.stderr)
      const { stdout, status } = runImage(built('with', '--trace', trace))
      assert.deepEqual([stdout, status], ['plugged\nno conf\n', 0])
      const left = docker(['ps', '--all', '--quiet', '--filter', 'label=liftbin.helper'])
      assert.equal(left.stdout, '')
    })
  })

  test('of a directory, likewise, with the trace in a pipe', async () => {
    await withFolder((folder) => {
      installedRoot(folder)
      const from = `dir:${join(folder, 'root')}`
      const to = join(folder, 'lifted')
      const pipe = `"$0" "$1" trace "$2" ${APP} -q | "$0" "$1" build "$2" ${APP} --trace - --to "dir:$3"`
      must('sh', ['-ec', pipe, process.execPath, CLI, from, to])
      const { stdout, status } = run('chroot', [to, APP])
      assert.deepEqual([stdout, status], ['plugged\nno conf\n', 0])
    })
  })

  test('strace tells of data as well, from inside a chroot, however it writes it', async () => {
    await withFolder((folder) => {
      installedRoot(folder)
      for (const [index, options] of [['-f'], ['-f', '-y'], ['-f', '-tt', '-T', '-yy']].entries()) {
        const trace = join(folder, `trace-${index}`)
        const words = [...options, '-o', trace, 'chroot', join(folder, 'root'), APP]
        must('strace', words)
        const to = join(folder, `lifted-${index}`)
        const { status, stderr } = liftbin(
          'build',
          `dir:${folder}/root`,
          APP,
          '--trace',
          trace,
          '--to',
          `dir:${to}`,
        )
        assert.equal(status, 0, stderr)
        assert.equal(run('chroot', [to, APP]).stdout, 'plugged\nconfigured\n')
        assert.equal(existsSync(`${to}/usr/sbin`), false)
      }
    })
  })
})

test('modules of Python come along, which it takes only where it can look at their sources', async () => {
  await withFolder((folder) => {
    const [trace, to] = [join(folder, 'trace'), join(folder, 'lifted')]
    const program = [
      '/usr/bin/python3',
      '-B',
      '-c',
      'import ssl, json; print(json.dumps({"a": 6 * 7}))',
    ] as const
    must('strace', ['-f', '-y', '-s', '4096', '-o', trace, 'chroot', root('bookworm'), ...program])
    const build = ['build', `dir:${root('bookworm')}`, program[0], '--to', `dir:${to}`]
    const { status, stderr } = liftbin(...build, '--trace', trace)
    assert.equal(status, 0, stderr)
    assert.deepEqual(run('chroot', [to, ...program]), { status: 0, stdout: '{"a": 42}\n', stderr: '' })
  })
})

describe('no trace is exit 3 with the way to another one', () => {
  test('of a program of musl, and of a static one', () => {
    for (const [name, program] of [
      ['musl', '/usr/bin/hello'],
      ['bookworm', '/usr/local/bin/static-hello'],
    ] as const) {
      const { status, stdout, stderr } = liftbin('trace', `dir:${root(name)}`, program)
      assert.deepEqual([status, stdout], [3, ''])
      assert.match(stderr, /strace/)
    }
  })
})
