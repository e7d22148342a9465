// Serves the files of a directory: file_server [directory] [port], then `curl http://127.0.0.1:8000/README.md`.
// Threads read them, a piece at a time: a slow disk holds nobody up, and a slow client costs two pieces.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <sstream>
#include <string>

#include <net.hpp>

namespace fs = std::filesystem;

struct File {
  std::string path;  // none if it is no file, or not one of the directory
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
  return {path.string(), fs::file_size(path)};
}

static net::Task<> serve(net::Socket client, net::WorkerPool& pool, fs::path directory) {
  client.setTimeout(60'000);
  client.on<"timeout">([](const net::Socket& self) { self.destroy(); });
  try {
    net::Reader reader(client);
    std::istringstream head((co_await reader.readUntil("\r\n\r\n", 8192, {.timeout = 10'000})).value());
    std::string method, target;
    head >> method >> target;
    const File file = co_await pool.exec(find_file, directory, target);
    if (method != "GET" || file.path.empty()) co_return void(client.end("HTTP/1.0 404 Not Found\r\n\r\nNot found\n"));
    client.write("HTTP/1.0 200 OK\r\nContent-Length: " + std::to_string(file.size) + "\r\n\r\n");
    if (file.size == 0) co_return void(client.end());
    const net::FileReader stream(file.path, {.end = file.size - 1});
    stream.on<"error">([client](const net::Error&) { client.destroy(); });
    stream.pipe(client);
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
