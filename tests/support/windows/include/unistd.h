// For the tests on Windows.
#include_next <unistd.h>
#include "tests/support/windows/posix.hpp"
