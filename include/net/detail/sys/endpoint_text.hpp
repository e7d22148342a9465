// Endpoints as texts, with the interface of a link-local address by its name. Internal.
#ifndef NET_DETAIL_SYS_ENDPOINT_TEXT_HPP
#define NET_DETAIL_SYS_ENDPOINT_TEXT_HPP

#include <string>
#include <string_view>

#include <net/detail/sys/machine.hpp>
#include <net/detail/text/endpoint.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// The text of the address, with the interface of a link-local one (S11.17).
NET_API std::string endpoint_text(const Endpoint& end);

/// The address that a text is, with its zone resolved; none if it is no address.
NET_API Endpoint parse_endpoint(std::string_view text, int port) noexcept;

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/sys/endpoint_text.ipp>

#endif
