#pragma once
#include <cohort/language/http/httplib.hpp>
#include <functional>
#include <string>
#include <thread>

namespace support {

/// A server of this machine that answers the POSTs to one path.
class http_server {
 public:
  http_server(std::string const& path, std::function<void(httplib::Request const&, httplib::Response&)> const& answer) {
    server_.Post(path, answer);
    port = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~http_server() { server_.stop(), thread_.join(); }
  int port;

 private:
  httplib::Server server_;
  std::thread thread_;
};

}  // namespace support
