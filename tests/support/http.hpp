#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace support {

/// An answer of a server of this machine; status 0 where there is none.
struct http_answer {
  int status = 0;
  std::string head, body;
};

/// One request, of which the connection is closed behind it.
inline http_answer ask(int port, std::string const& method, std::string const& path, std::string const& body = "") {
  int const with = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET, to.sin_port = htons(std::uint16_t(port)), to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  http_answer answer;
  std::string all;
  if (::connect(with, reinterpret_cast<sockaddr const*>(&to), sizeof to) == 0) {
    std::string const text =
        method + " " + path +
        " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body;
    if (::send(with, text.data(), text.size(), MSG_NOSIGNAL) > 0) {
      char some[4096];
      for (ssize_t n; (n = ::recv(with, some, sizeof some, 0)) > 0;) all.append(some, std::size_t(n));
    }
  }
  ::close(with);
  if (auto const end = all.find("\r\n\r\n"); end != std::string::npos && all.size() > 12) {
    answer.status = std::stoi(all.substr(9, 3));
    answer.head = all.substr(0, end), answer.body = all.substr(end + 4);
  }
  return answer;
}

}  // namespace support
