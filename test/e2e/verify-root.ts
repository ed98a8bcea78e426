import { copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must, root } from './surroundings.js'

/** Does what its first argument says; each of these needs something that no header names, or that is easily lost. */
const PROGRAM = `#include <dlfcn.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int one(void);
static void plugin(void) {
  void *handle = dlopen("/opt/app/plugin.so", RTLD_NOW);
  if (!handle) { fprintf(stderr, "%s\\n", dlerror()); exit(7); }
  printf("plugin %d\\n", ((int (*)(void))dlsym(handle, "answer"))());
}
static void capabilities(void) {
  struct { unsigned version; int pid; } head = {0x20080522, 0};
  unsigned caps[6] = {0};
  syscall(SYS_capget, &head, caps);
  printf("uid %d, capabilities %x\\n", getuid(), caps[0]);
}
static void surroundings(void) {
  char name[100] = "";
  gethostname(name, sizeof name);
  printf("uid %d euid %d gid %d host %s home %s here %s\\n", getuid(), geteuid(), getgid(), name, getenv("HOME"),
    getcwd(0, 0));
}
static void sleeper(int children) {
  prctl(PR_SET_NAME, "verify-sleeper");
  puts("up");
  fflush(stdout);
  while (children-- > 0) if (fork() == 0) { setsid(); for (;;) pause(); }
  for (;;) pause();
}
int main(int count, char **words) {
  const char *what = count > 1 ? words[1] : "";
  if (!strcmp(what, "plugin")) plugin();
  else if (!strcmp(what, "library")) printf("library %d\\n", one());
  else if (!strcmp(what, "capabilities")) capabilities();
  else if (!strcmp(what, "locale")) puts(setlocale(LC_ALL, "xx_YY.UTF-8") ? "has the locale" : "cannot set the locale");
  else if (!strcmp(what, "name")) puts(words[0]);
  else if (!strcmp(what, "surroundings")) surroundings();
  else if (!strcmp(what, "sleep")) sleeper(2);
  else if (!strcmp(what, "flood")) for (;;) puts("0123456789012345678901234567890123456789");
  else if (!strcmp(what, "random")) { int fd = open("/dev/urandom", O_RDONLY); unsigned n = 0; read(fd, &n, 4); printf("number %u\\n", n); }
  else if (!strcmp(what, "read")) { int c; while ((c = getchar()) != EOF) putchar(c == EOF ? 0 : c ^ 0x20); }
  else if (!strcmp(what, "write")) { FILE *file = fopen("/written", "w"); puts(file ? "written" : "not written"); }
  else if (!strcmp(what, "die")) raise(SIGKILL), abort();
  else if (!strcmp(what, "escape")) puts("\\033]0;title\\007\\033[31m");
  return count > 2 ? atoi(words[2]) : 0;
}`

/** Becomes the program under its own name, whatever it was called. */
const OTHER_NAME = `#include <unistd.h>
int main(int count, char **words) { words[0] = "/opt/app/prog"; execv(words[0], words); return 1; }`

/** What the tests put in the place of something in the lift. */
export interface Spare {
  /** Another version of libone.so.1. */
  readonly library: string
  /** In the place of a link to the program. */
  readonly otherName: string
}

/** Makes a root of one program that needs much, called /opt/app/prog and by a link /opt/app/alias. */
export function makeRoot(folder: string, directory: string): Spare {
  for (const name of ['opt/app', 'lib64', 'lib', 'tmp', 'etc', 'usr/lib/locale'])
    mkdirSync(join(directory, name), { recursive: true })
  for (const [from, to] of [
    ['lib/x86_64-linux-gnu/libc.so.6', 'lib/libc.so.6'],
    ['lib64/ld-linux-x86-64.so.2', 'lib64/ld-linux-x86-64.so.2'],
  ] as const)
    copyFileSync(join(root('bookworm'), from), join(directory, to))
  cpSync(join(root('bookworm'), 'usr/lib/locale/C.utf8'), join(directory, 'usr/lib/locale/xx_YY.utf8'), {
    recursive: true,
  })
  writeFileSync(
    join(directory, 'etc/passwd'),
    'root:x:0:0::/opt:/bin/sh\nsomeone:x:1234:1235::/tmp:/bin/sh\n',
  )
  writeFileSync(join(directory, 'etc/group'), 'root:x:0:\nthem:x:1235:\n')
  symlinkSync('prog', join(directory, 'opt/app/alias'))
  const compile = (text: string, ...options: readonly string[]) => {
    writeFileSync(join(folder, 'source.c'), text)
    must('gcc', [join(folder, 'source.c'), '-O', ...options])
  }
  const shared = ['-shared', '-fPIC', '-o'] as const
  const library = join(directory, 'lib/libone.so.1')
  compile('int one(void) { return 1; }', '-Wl,-soname,libone.so.1', ...shared, library)
  compile('int answer(void) { return 42; }', ...shared, join(directory, 'opt/app/plugin.so'))
  compile(PROGRAM, '-o', join(directory, 'opt/app/prog'), library)
  must('setcap', ['cap_net_bind_service=ep', join(directory, 'opt/app/prog')])
  const spare = { library: join(folder, 'libone.so.2'), otherName: join(folder, 'other-name') }
  compile('int one(void) { return 2; }', '-Wl,-soname,libone.so.1', ...shared, spare.library)
  compile(OTHER_NAME, '-static', '-o', spare.otherName)
  return spare
}
