#include <net/detail/text/idna.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace net::detail;

namespace {

std::string ascii(std::string_view host) {
  std::string name;
  return to_ascii_host(host, name) ? name : "refused";
}

}  // namespace

TEST_CASE("S12.24: a host name that is not ASCII is asked for in its encoded form") {
  // the names are Node's answers of url.domainToASCII()
  CHECK(ascii("bücher.test") == "xn--bcher-kva.test");
  CHECK(ascii("BÜCHER.test") == "xn--bcher-kva.test");
  CHECK(ascii("www.straße.de") == "www.xn--strae-oqa.de");
  CHECK(ascii("例え.テスト") == "xn--r8jz45g.xn--zckzah");
  CHECK(ascii("例え。テスト") == "xn--r8jz45g.xn--zckzah");
  CHECK(ascii("пример.испытание") == "xn--e1afmkfd.xn--80akhbyknj4f");
  CHECK(ascii("ПРИМЕР.ИСПЫТАНИЕ") == "xn--e1afmkfd.xn--80akhbyknj4f");
  CHECK(ascii("παράδειγμα.δοκιμή") == "xn--hxajbheg2az3al.xn--jxalpdlp");
  CHECK(ascii("ΠΑΡΆΔΕΙΓΜΑ.ΔΟΚΙΜΉ") == "xn--hxajbheg2az3al.xn--jxalpdlp");
  CHECK(ascii("उदाहरण.परीक्षा") == "xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g");
  CHECK(ascii("실례.테스트") == "xn--9n2bp8q.xn--9t4b11yi5a");
  CHECK(ascii("ŁÓDŹ.Žďár.test") == "xn--d-uga0v4h.xn--r-tfa1lsr.test");
  CHECK(ascii("１２７.0.0.1") == "127.0.0.1");
  CHECK(ascii("i❤.ws") == "xn--i-7iq.ws");
  CHECK(ascii("bü\u00adcher.test") == "xn--bcher-kva.test");
}

TEST_CASE("S12.24: a host name of ASCII is asked for as it is") {
  for (const char* host : {"", "localhost", "EXAMPLE.com", "a_b.c", "xn--bcher-kva.test", "..."})
    CHECK(ascii(host) == host);
  CHECK(ascii(std::string(5000, 'a')) == std::string(5000, 'a'));
}

TEST_CASE("S12.24: what is no UTF-8 or cannot be normalised is refused") {
  for (const char* host : {"b\xfc"
                           "cher.test",
                           "\xc0\xae", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "a\x80",
                           "bu\u0308cher.test", "\u0130.test"}) {
    CHECK(ascii(host) == "refused");
  }
  std::string endless;
  for (int i = 0; i < 2000; ++i) endless += "ü";
  CHECK(ascii(endless) == "refused");
}
