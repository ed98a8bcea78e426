/* terminal COMMAND... : runs a command on a terminal of 24 lines at which nobody types; gives what it shows. */
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **words) {
  struct winsize size = {24, 80, 0, 0};
  char shown[4096];
  int terminal, status;
  ssize_t length;
  pid_t child = forkpty(&terminal, 0, 0, &size);
  if (child == 0) {
    /* A prompt would wait for ever. */
    alarm(10);
    execvp(words[1], words + 1);
    _exit(127);
  }
  while ((length = read(terminal, shown, sizeof shown)) > 0) write(1, shown, length);
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
