import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StraceText } from '../../src/trace/strace.js'

/** What lines tell, as `how path`, sorted. */
function told(...lines: readonly string[]): readonly string[] {
  return sightings(lines)
    .observed()
    .map(({ how, path }) => `${how} ${path}`)
    .sort()
}

function sightings(lines: readonly string[]) {
  const text = new StraceText()
  for (const line of lines) text.add(line)
  return text.end()
}

test('a file that was opened to be read is told, one that could not be opened is not', () => {
  assert.deepEqual(
    told(
      'openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3',
      'openat(AT_FDCWD, "/etc/gone", O_RDONLY) = -1 ENOENT (No such file or directory)',
      'open("/etc/group", O_RDWR)              = 4',
      'openat2(AT_FDCWD, "/etc/hosts", {flags=O_RDONLY|O_CLOEXEC, resolve=RESOLVE_BENEATH}, 24) = 5',
      'openat(AT_FDCWD, "/etc/maybe", O_RDONLY <unfinished ...>',
    ),
    ['read /etc/group', 'read /etc/hosts', 'read /etc/passwd'],
  )
})

test('what was written or made anew is told as made, whatever is done to it later', () => {
  assert.deepEqual(
    told(
      'openat(AT_FDCWD, "/var/log/a", O_WRONLY|O_CREAT|O_APPEND, 0666) = 3',
      'openat(AT_FDCWD, "/var/lib/b", O_RDWR|O_CREAT|O_TRUNC, 0666) = 3',
      'openat(AT_FDCWD, "/var/lib/b", O_RDONLY) = 3',
      'openat(AT_FDCWD, "/var/lib/c", O_RDWR|O_CREAT|O_EXCL, 0600) = 3',
      'creat("/var/lib/d", 0644) = 3',
      'mkdir("/var/lib/e", 0755) = 0',
      'openat(AT_FDCWD, "/var/lib/kept", O_RDWR|O_CREAT, 0644) = 3',
    ),
    [
      ...['made /var/lib/b', 'made /var/lib/c', 'made /var/lib/d', 'made /var/lib/e', 'made /var/log/a'],
      'read /var/lib/kept',
    ],
  )
})

test('a file that was read before it was written is still one that was read', () => {
  assert.deepEqual(told('open("/a", O_RDONLY) = 3', 'open("/a", O_WRONLY|O_TRUNC) = 3'), ['read /a'])
})

test('programs that were started are told, with what was looked at and read as a link', () => {
  assert.deepEqual(
    told(
      'execve("/usr/bin/x", ["x", ") = -1 ENOENT"], 0x7ffe /* 39 vars */) = 0',
      'execve("/usr/local/bin/x", ["x"], 0x7ffe /* 39 vars */) = -1 ENOENT (No such file or directory)',
      'readlink("/etc/localtime", "/usr/share/zoneinfo/UTC", 4095) = 23',
      'access("/etc/flag", R_OK) = 0',
      'newfstatat(AT_FDCWD, "/etc/other", {st_mode=S_IFREG|0644, st_size=0, ...}, 0) = 0',
      'newfstatat(3</usr/lib/real>, "", {st_mode=S_IFREG|0644, st_size=0, ...}, AT_EMPTY_PATH) = 0',
      'stat("/etc/flag2", 0x7ffe) = -1 ENOENT (No such file or directory)',
    ),
    ['looked at /etc/flag', 'looked at /etc/other', 'read /etc/localtime', 'run /usr/bin/x'],
  )
})

test('each is told with the program that did it', () => {
  const seen = sightings([
    '10 execve("/usr/bin/sh", ["sh"], 0x7f /* 1 var */) = 0',
    '10 vfork( <unfinished ...>',
    '11 execve("/usr/bin/cat", ["cat"], 0x7f /* 1 var */ <unfinished ...>',
    '10 <... vfork resumed>)                = 11',
    '11 <... execve resumed>)               = 0',
    '11 openat(AT_FDCWD, "/etc/a", O_RDONLY) = 3',
    '11 +++ exited with 0 +++',
    '10 openat(AT_FDCWD, "/etc/b", O_RDONLY) = 3',
  ])
  assert.deepEqual(
    seen.observed().map(({ path, by }) => [path, by]),
    [
      ['/usr/bin/sh', undefined],
      ['/usr/bin/cat', '/usr/bin/sh'],
      ['/etc/a', '/usr/bin/cat'],
      ['/etc/b', '/usr/bin/sh'],
    ],
  )
})

test('a relative name starts from the working directory of its process, which a child has from its parent', () => {
  assert.deepEqual(
    told(
      '7 openat(AT_FDCWD, "begin", O_RDONLY)    = 3',
      '7 chdir("/srv")                     = 0',
      '7 chdir("/gone")                    = -1 ENOENT (No such file or directory)',
      '7 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f) = 8',
      '8 openat(AT_FDCWD, "child", O_RDONLY)    = 3',
      '8 chdir("sub")                      = 0',
      '8 openat(AT_FDCWD, "deep", O_RDONLY)     = 3',
      '7 openat(AT_FDCWD, "parent", O_RDONLY)   = 3',
    ),
    ['read /srv/child', 'read /srv/parent', 'read /srv/sub/deep', 'read begin'],
  )
})

test('a child that speaks before its parent has heard of it begins where its parent is', () => {
  assert.deepEqual(
    told(
      '1 clone(child_stack=NULL, flags=SIGCHLD) = 2',
      '2 chdir("/srv") = 0',
      '2 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>',
      '3 openat(AT_FDCWD, "early", O_RDONLY) = 3',
      '2 <... clone resumed>) = 3',
      '3 openat(AT_FDCWD, "late", O_RDONLY) = 3',
    ),
    ['read /srv/early', 'read /srv/late'],
  )
})

test('a relative name starts from a directory that was opened, by its number or by -y', () => {
  const lines = [
    'openat(AT_FDCWD, "/usr/share", O_RDONLY|O_DIRECTORY) = 3',
    'openat(3, "a", O_RDONLY) = 4',
    'openat(9</usr/lib>, "b", O_RDONLY) = 5</usr/lib/b>',
    'openat(AT_FDCWD</srv>, "c", O_RDONLY) = 5</srv/real-c>',
    'fchdir(3) = 0',
    'open("d", O_RDONLY) = 6',
    'openat(9, "unknown", O_RDONLY) = 7',
  ]
  assert.deepEqual(told(...lines), [
    ...['read /srv/c', 'read /usr/lib/b', 'read /usr/share', 'read /usr/share/a', 'read /usr/share/d'],
  ])
  assert.equal(sightings(lines).unclear, 1)
})

test('numbers of processes, times and durations of every kind may stand around a call', () => {
  for (const [index, head] of [
    '',
    '123 ',
    '123   ',
    '[pid   123] ',
    '12:00:01 ',
    '12:00:01.123456 ',
    '123 1700000000.123456 ',
    '     0.000123 ',
    '(+     0.000010) ',
    '[pid 123] 12:00:01.123456 ',
    '[pid 123<sh>] ',
    '123<sh> ',
  ].entries())
    assert.deepEqual(
      told(`${head}openat(AT_FDCWD, "/etc/f${index}", O_RDONLY) = 3</etc/f> <0.000010>`),
      [`read /etc/f${index}`],
      head,
    )
})

test('a call that others interrupt is put together again', () => {
  assert.deepEqual(
    told(
      'execve("/usr/bin/sh", ["sh"], 0x7f /* 1 var */) = 0',
      'vfork(strace: Process 11 attached',
      ' <unfinished ...>',
      '[pid    11] openat(AT_FDCWD, "/etc/a", O_RDONLY <unfinished ...>',
      '[pid    10] <... vfork resumed>)        = 11',
      '[pid    10] openat(AT_FDCWD, "/etc/b", O_RDONLY) = -1 ENOENT (No such file or directory)',
      '[pid    11] --- SIGCHLD {si_signo=SIGCHLD} ---',
      '[pid    11] <... openat resumed>)       = 3',
      '[pid    10] <... openat resumed>)       = 3',
    ),
    ['read /etc/a', 'run /usr/bin/sh'],
  )
})

test('names are as they were, however strace spells them', () => {
  assert.deepEqual(
    told(
      String.raw`open("/sp ace/\303\251\"q\n\x41\\", O_RDONLY) = 3`,
      String.raw`open("/\1012, x) = 3", O_RDONLY) = 4`,
    ),
    ['read /A2, x) = 3', 'read /sp ace/é"q\nA\\'],
  )
})

test('a name that strace has cut off is not guessed; -y tells it', () => {
  const lines = [
    'open("/usr/lib/py"..., O_RDONLY) = 3',
    'open("/usr/lib/pe"..., O_RDONLY) = 3</usr/lib/perl>',
  ]
  assert.deepEqual(told(...lines), ['read /usr/lib/perl'])
  assert.equal(sightings(lines).unclear, 1)
})

test('of a program that was started in another root, what lies there is told, and nothing from outside', () => {
  const lines = [
    'execve("/usr/sbin/chroot", ["chroot", "/srv/root"], 0x7f /* 1 var */) = 0',
    'openat(AT_FDCWD, "/etc/outside", O_RDONLY) = 3',
    'chroot("/srv/root") = 0',
    'chdir("/") = 0',
    'execve("/bin/x", ["x"], 0x7f /* 1 var */) = 0',
    'openat(AT_FDCWD</srv/root>, "a", O_RDONLY) = 3</srv/root/a>',
    'openat(AT_FDCWD</srv/root>, "/etc/b", O_RDONLY) = 3</srv/root/etc/b>',
    'openat(3</srv/root/etc>, "c", O_RDONLY) = 3</srv/root/etc/c>',
  ]
  assert.deepEqual(told(...lines), ['read /a', 'read /etc/b', 'read /etc/c', 'run /bin/x'])
})

test('a program that shuts itself off keeps what it has opened before', () => {
  const lines = ['open("/etc/sshd", O_RDONLY) = 3', 'chroot("/run/sshd") = 0', 'open("/x", O_RDONLY) = 4']
  assert.deepEqual(told(...lines), ['read /etc/sshd', 'read /run/sshd/x'])
})

test('what is no line of strace is none, and says nothing', () => {
  const text = new StraceText()
  for (const line of [
    '',
    'hello',
    'open sesame',
    'f(x) is y',
    'f(x) = y',
    'const a = f(1)',
    'strace: Process 1 attached',
    '12:\tcalling init: /a',
  ])
    assert.equal(text.add(line), false, line)
})

test('a long line of blanks is told from those of strace as fast as any other', () => {
  const blanks = ' '.repeat(1_000_000)
  const text = new StraceText()
  for (const line of [blanks, `12 ${blanks}!`, `[pid 12] ${blanks}!`]) assert.equal(text.add(line), false)
  const begun = `12 write(1, "${blanks}", 5 <unfinished ...>`
  for (const line of [begun, '12 <... write resumed>) = 5']) assert.equal(text.add(line), true)
  assert.deepEqual(text.end().observed(), [])
})
