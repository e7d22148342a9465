// For the tests on Windows.
#include_next <fcntl.h>
#include "tests/support/windows/posix.hpp"
