// The bodies of file.hpp. Internal.
#ifndef NET_FILE_IPP
#define NET_FILE_IPP

#include <net/file.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API void require_high_water_mark(std::size_t mark);
NET_API void require_high_water_mark(std::size_t mark) {
  if (mark == 0) throw_error(out_of_range("highWaterMark", ">= 1", "0"));
}

/// It would be cut there, and another file be opened.
NET_API void require_path_without_nul(const std::string& path);
NET_API void require_path_without_nul(const std::string& path) {
  if (has_nul(path)) {
    throw_error(invalid_value("path", "must be a string, Uint8Array, or URL without null bytes", detail::quoted(path)));
  }
}

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API FileReader::FileReader(Loop& loop, std::string path, const FileReaderOptions& options) {
  detail::require_path_without_nul(path);
  detail::require_high_water_mark(options.highWaterMark);
  state_ = detail::Ref<detail::FileReading>(new detail::FileReading(detail::Access::core(loop), std::move(path),
                                                                    options.highWaterMark, options.start,
                                                                    options.end.value_or(~std::uint64_t{})));
  state_->begin();
}

NET_API FileWriter::FileWriter(Loop& loop, std::string path, const FileWriterOptions& options) {
  detail::require_path_without_nul(path);
  detail::require_high_water_mark(options.highWaterMark);
  const detail::FileAccess access{
      .writes = true, .appends = options.append, .exclusive = options.exclusive, .mode = options.mode};
  state_ = detail::Ref<detail::FileWriting>(
      new detail::FileWriting(detail::Access::core(loop), std::move(path), access, options.highWaterMark));
  state_->begin();
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif
