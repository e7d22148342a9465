// For the tests on Windows.
#include "tests/support/windows/posix.hpp"
