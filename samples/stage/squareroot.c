#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) printf("%g\n", sqrt(atof(argv[i])));
  return 0;
}
