"""The macros of others that may stand before <net.hpp>: of libraries that are installed, and known by name."""
import dataclasses
import re
import shutil

from toolchain import STANDARD, run

FOR_WINDOWS = "x86_64-w64-mingw32-g++"


@dataclasses.dataclass(frozen=True)
class Library:
    """Headers of a package of Debian's; `pkg` is what pkg-config calls it."""
    package: str
    headers: tuple
    pkg: str
    more: tuple = ()  # headers whose names count, but which take long to compile
    flags: tuple = ()
    compiler: str = ""  # that has the headers; without it, any has

    def text(self, headers=None):
        return "".join(f"#include <{header}>\n" for header in headers or self.headers)


# In an order in which one file can include them all.
LIBRARIES = {
    "glib": Library("libglib2.0-dev", ("glib.h", "glib-object.h"), "gio-2.0", more=("gio/gio.h",)),
    "Qt": Library("qt6-base-dev", ("QtCore/qglobal.h", "QObject"), "Qt6Core", more=("QtCore",), flags=("-fPIC",)),
    "X11": Library("libx11-dev", ("X11/X.h", "X11/Xlib.h", "X11/Xutil.h", "X11/Xos.h"), "x11"),
    "Windows": Library("g++-mingw-w64-x86-64-posix", ("winsock2.h", "ws2tcpip.h", "mswsock.h", "windows.h"), "",
                       compiler=FOR_WINDOWS),
}

# What systems have that are not here. With parentheses: only a call of it is replaced.
KNOWN = {
    # <windows.h> and <complex.h> and old compilers, whatever is installed; min and max survive as `(std::min)`.
    "everywhere": """min() max() emit signals slots foreach forever ERROR IN OUT near far interface unix linux None Bool
        DELETE small I Status major minor""",
    "Apple": """check() ncheck() check_string() ncheck_string() check_noerr() check_noerr_string() verify() nverify()
        verify_string() verify_noerr() nverify_noerr() verify_noerr_string() verify_action() verify_noerr_action()
        require() nrequire() require_string() require_quiet() require_action() require_action_string() require_noerr()
        require_action_quiet() nrequire_action() nrequire_action_quiet() nrequire_quiet() nrequire_string()
        require_noerr_action() require_noerr_action_quiet() require_noerr_quiet() require_noerr_string()
        require_noerr_action_string() nrequire_noerr() require_success() require_success_action() require_true()
        debug_string() MIN() MAX() ABS() nil Nil YES NO TRUE FALSE pascal""",
    "Arduino": """abs() round() radians() degrees() constrain() sq() interrupts() noInterrupts() lowByte() highByte()
        bit() bitRead() bitSet() bitClear() bitToggle() bitWrite() cbi() sbi() F() PSTR() HIGH LOW INPUT OUTPUT
        INPUT_PULLUP PI HALF_PI TWO_PI DEG_TO_RAD RAD_TO_DEG EULER SERIAL DISPLAY LSBFIRST MSBFIRST CHANGE FALLING RISING
        DEFAULT EXTERNAL INTERNAL A0 A1 A2 A3 A4 A5 B0 B1 B00 B01 B10 B11 NOT_A_PIN NOT_A_PORT SS SCK MOSI MISO SDA SCL""",
    "tests and logs": """CHECK() REQUIRE() TEST_CASE() SUBCASE() INFO() WARN() FAIL() MESSAGE() LOG() CHECK_EQ() TEST()
        EXPECT_EQ() ASSERT_EQ() FATAL WARNING DEBUG TRACE ensure() ensureMsgf() TEXT() UI""",
    "old systems": """sun mips i386 vax hpux sgi howmany() roundup() powerof2() isset() setbit() clrbit() makedev()
        bool_t tab1 caddr cs ds es ss PAGE_SIZE PAGESIZE DOMAIN OVERFLOW UNDERFLOW HUGE SING PLOSS TLOSS""",
}


def flags(library):
    """What a compiler needs for it, or None if pkg-config does not know it."""
    if not library.pkg:
        return []
    tool = shutil.which("pkg-config")
    found = run([tool, "--cflags", library.pkg]) if tool else None
    return [*found.stdout.split(), *library.flags] if found and found.returncode == 0 else None


def installed():
    """Name → (library, flags) of those that are here. Of the others it says what to install."""
    found = {}
    for name, library in LIBRARIES.items():
        arguments = flags(library)
        if arguments is None or (library.compiler and not shutil.which(library.compiler)):
            print(f"skipped: the macros of {name}; they come with {library.package}" + ", which pkg-config finds" * bool(library.pkg))
        else:
            found[name] = (library, arguments)
    return found


def of_library(check, name, library, arguments, cxx):
    """The macros that its headers leave behind, as KNOWN has them: "emit", "max()"."""
    source = check.source("library.cpp", library.text(library.headers + library.more))
    command = [library.compiler] if library.compiler else cxx
    result = run([*command, STANDARD, *arguments, "-dM", "-E", source])
    check.expect(result.returncode == 0, f"the headers of {name} with {command[-1]}", result.stderr[:2000])
    return [macro + ("()" if parameters else "")
            for macro, parameters in re.findall(r"^#define ([A-Za-z]\w*)(\(?)", result.stdout, re.M)]
