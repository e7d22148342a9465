// An echo server over TLS, by OpenSSL: tls_echo CERTIFICATE KEY [port], then `openssl s_client -connect 127.0.0.1:8000`.
// `openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out cert.pem` makes both files.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <net.hpp>

/// One side of a TLS connection, in memory: it knows of no socket.
class Tls {
 public:
  explicit Tls(SSL_CTX* context) : ssl_(SSL_new(context), SSL_free) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl_.get());
  }

  /// The text in what was received. Whatever it was, there may be something to send then.
  std::string decrypt(std::string_view received) {
    BIO_write(SSL_get_rbio(ssl_.get()), received.data(), static_cast<int>(received.size()));
    ERR_clear_error();  // of other connections
    std::string text, piece(16384, '\0');
    int size = 0;
    while ((size = SSL_read(ssl_.get(), piece.data(), 16384)) > 0)
      text.append(piece, 0, static_cast<std::size_t>(size));
    ended_ = SSL_get_error(ssl_.get(), size) != SSL_ERROR_WANT_READ;
    return text;
  }
  void encrypt(std::string_view text) {
    if (!text.empty()) SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
  }
  std::string to_send() {
    std::string bytes(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())), '\0');
    BIO_read(SSL_get_wbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }
  bool ended() const { return ended_; }  // by the other side, or because it does not speak TLS
  void end() { SSL_shutdown(ssl_.get()); }

 private:
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
  bool ended_ = false;
};

static net::Task<> serve(net::Socket client, SSL_CTX* context) {
  try {
    Tls tls(context);
    net::Reader reader(client);
    while (const auto chunk = co_await reader.next({.timeout = 60'000})) {
      tls.encrypt(tls.decrypt(*chunk));
      if (tls.ended()) break;
      co_await net::write(client, tls.to_send());
    }
    tls.end();
    client.end(tls.to_send());
  } catch (const net::Error&) {
    client.destroy();
  }
}

int main(int argc, char** argv) {
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> owner(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX* const context = owner.get();
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  if (argc < 3 || SSL_CTX_use_certificate_chain_file(context, argv[1]) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) != 1) {
    std::fprintf(stderr, "usage: tls_echo CERTIFICATE KEY [port]\n");
    return 2;
  }
  const auto server = net::createServer([context](net::Socket client) { return serve(client, context); });
  server.listen(argc > 3 ? std::atoi(argv[3]) : 8000, "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str()), std::fflush(stdout);
  });
  net::run();
}
