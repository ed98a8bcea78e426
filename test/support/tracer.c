/*
 * Runs many short commands inside of a root file system:  tracer ROOT [EMULATOR]
 * On stdin, each command is a list of NUL-terminated arguments, ended by an empty one; leading NAME=value
 * arguments are its whole environment. The answer to each is a line "STATUS LENGTH LENGTH" and the bytes of
 * its stdout and stderr. The emulator is opened before the chroot, so the root need not hold it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_ARGUMENTS = 32, SECONDS = 10 };

static int emulator = -1, null, out, err;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void start(char **command) {
  char *environment[MOST_ARGUMENTS + 1], *emulated[MOST_ARGUMENTS + 2] = {"emulator"};
  int count = 0;
  struct rlimit none = {0, 0};
  for (; *command && strchr(*command, '=') && **command != '/'; command++) environment[count++] = *command;
  environment[count] = NULL;
  dup2(null, 0);
  dup2(out, 1);
  dup2(err, 2);
  setrlimit(RLIMIT_CORE, &none);
  alarm(SECONDS);
  if (emulator < 0) execve(*command, command, environment);
  for (count = 0; command[count]; count++) emulated[count + 1] = command[count];
  emulated[count + 1] = NULL;
  if (emulator >= 0) fexecve(emulator, emulated, environment);
  _exit(126);
}

static void rewound(int fd) {
  if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET)) die("rewind");
}

static void copy(int fd, off_t length) {
  char buffer[65536];
  for (off_t done = 0; done < length;) {
    ssize_t got = pread(fd, buffer, sizeof buffer, done);
    if (got <= 0) die("read");
    fwrite(buffer, 1, got, stdout);
    done += got;
  }
}

static void run(char **command) {
  int status;
  rewound(out);
  rewound(err);
  pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) start(command);
  if (waitpid(child, &status, 0) < 0) die("wait");
  off_t written = lseek(out, 0, SEEK_END), complaints = lseek(err, 0, SEEK_END);
  printf("%d %lld %lld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), (long long)written,
         (long long)complaints);
  copy(out, written);
  copy(err, complaints);
}

int main(int argc, char **argv) {
  char *command[MOST_ARGUMENTS + 1], *argument = NULL;
  size_t room = 0;
  int count = 0;
  if (argc < 2) return 2;
  null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  out = memfd_create("out", MFD_CLOEXEC);
  err = memfd_create("err", MFD_CLOEXEC);
  if (argc > 2 && (emulator = open(argv[2], O_RDONLY | O_CLOEXEC)) < 0) die(argv[2]);
  if (null < 0 || out < 0 || err < 0 || chroot(argv[1]) || chdir("/")) die(argv[1]);
  while (getdelim(&argument, &room, '\0', stdin) > 0) {
    if (*argument && count == MOST_ARGUMENTS) return 2;
    command[count] = *argument ? strdup(argument) : NULL;
    if (command[count++]) continue;
    fflush(stdout);
    run(command);
    while (count > 0) free(command[--count]);
  }
  return 0;
}
