// Serves the files of a directory: file_server [directory] [port], then `curl http://127.0.0.1:8000/README.md`.
// Threads of a pool read them, a piece at a time: a slow disk holds nobody up, and a slow client costs one piece.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include <net.hpp>

namespace fs = std::filesystem;

struct File {
  std::shared_ptr<std::ifstream> stream;  // none if it is no file, or not one of the directory
  std::uintmax_t size = 0;
};

static File find_file(fs::path directory, std::string target) {
  std::string name;
  for (std::size_t i = 0; i < target.size() && target[i] != '?'; ++i) {
    const bool escaped = target[i] == '%' && i + 2 < target.size();
    name += escaped ? static_cast<char>(std::strtol(target.substr(i + 1, 2).c_str(), nullptr, 16)) : target[i];
    if (escaped) i += 2;
  }
  std::error_code none;
  const fs::path path = fs::canonical(directory / fs::path(name).relative_path(), none);  // without links and ".."
  const bool inside =
      std::mismatch(directory.begin(), directory.end(), path.begin(), path.end()).first == directory.end();
  if (!inside || !fs::is_regular_file(path, none)) return {};
  const auto stream = std::make_shared<std::ifstream>(path, std::ios::binary);
  return *stream ? File{stream, fs::file_size(path)} : File();
}

static std::string next_piece(std::shared_ptr<std::ifstream> stream, std::uintmax_t most) {
  std::string piece(static_cast<std::size_t>((std::min)(most, std::uintmax_t{1} << 16)), '\0');
  stream->read(piece.data(), static_cast<std::streamsize>(piece.size()));
  piece.resize(static_cast<std::size_t>(stream->gcount()));
  return piece;
}

static net::Task<> serve(net::Socket client, net::WorkerPool& pool, fs::path directory) {
  try {
    net::Reader reader(client);
    std::istringstream head((co_await reader.readUntil("\r\n\r\n", 8192, {.timeout = 10'000})).value());
    std::string method, target;
    head >> method >> target;
    const File file = co_await pool.exec(find_file, directory, target);
    if (method != "GET" || !file.stream) co_return void(client.end("HTTP/1.0 404 Not Found\r\n\r\nNot found\n"));
    client.write("HTTP/1.0 200 OK\r\nContent-Length: " + std::to_string(file.size) + "\r\n\r\n");
    for (std::uintmax_t left = file.size; left > 0;) {
      std::string piece = co_await pool.exec(next_piece, file.stream, left);
      if (piece.empty()) throw std::runtime_error("the file has become shorter");
      left -= piece.size();
      co_await net::write(client, std::move(piece), {.timeout = 60'000});
    }
    client.end();
  } catch (const std::exception&) {
    client.destroy();
  }
}

int main(int argc, char** argv) {
  net::WorkerPool pool(4);
  const fs::path directory = fs::canonical(argc > 1 ? argv[1] : ".");
  const auto server =
      net::createServer({.allowHalfOpen = true}, [&](net::Socket client) { return serve(client, pool, directory); });
  server.listen(argc > 2 ? std::atoi(argv[2]) : 8000, "127.0.0.1", [](const net::Server& self) {
    std::printf("listening on %s\n", self.address()->toString().c_str()), std::fflush(stdout);
  });
  net::run();
}
