// For the tests on Windows.
#include_next <signal.h>
#ifndef SIGUSR1
#define SIGUSR1 SIGBREAK
#define SIGUSR2 SIGTERM
#define SIGHUP 1
#define SIGKILL 9
#endif
