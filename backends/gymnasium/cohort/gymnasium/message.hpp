#pragma once
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::gymnasium::detail {

/// A request to a process or its reply: values that are taken in the order in which they were put.
class message {
 public:
  template <class T>
    requires std::is_trivially_copyable_v<T>
  message& put(T const& value) {
    return put_all(std::span<T const>(&value, 1));
  }
  template <class T>
  message& put_all(std::span<T const> values) {
    auto const bytes = std::as_bytes(values);
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  message& put(std::string const& text) { return put(std::uint64_t(text.size())).put_all(std::span<char const>(text)); }
  template <class T>
  T take() {
    T value{};
    take_all(std::span(&value, 1));
    return value;
  }
  template <class T>
  void take_all(std::span<T> values) {
    std::memcpy(values.data(), rest(values.size_bytes()).data(), values.size_bytes());
  }
  std::string text() {
    std::string value(take<std::uint64_t>(), '\0');
    take_all(std::span<char>(value));
    return value;
  }
  /// So many bytes, or all that are left.
  std::span<std::byte const> rest(std::size_t count) {
    auto const taken = std::span<std::byte const>(bytes_).subspan(taken_, count);
    taken_ += count;
    return taken;
  }
  std::span<std::byte const> rest() { return rest(bytes_.size() - taken_); }

 private:
  friend class channel;
  static constexpr std::size_t head = sizeof(std::uint64_t);  // how many bytes follow it
  std::vector<std::byte> bytes_ = std::vector<std::byte>(head);
  std::size_t taken_ = head;
};

/// One end of a connection between two processes. It does not own its socket.
class channel {
 public:
  enum class result { whole, ended, timed_out };

  /// Waits at first for so many microseconds without sleeping, where an answer is near.
  explicit channel(int socket, int awake = 0) : socket_(socket), awake_(awake) {}

  /// false where the other end is closed.
  bool send(message& m) const {
    std::uint64_t const size = m.bytes_.size() - message::head;
    std::memcpy(m.bytes_.data(), &size, message::head);
    for (auto rest = std::span<std::byte const>(m.bytes_); !rest.empty();) {
      auto const sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EINTR) return false;
      if (sent > 0) rest = rest.subspan(std::size_t(sent));
    }
    return true;
  }
  /// Waits `seconds` at most for each part that arrives, for ever where it is 0.
  result receive(message& m, double seconds = 0) const {
    m.bytes_.resize(message::head), m.taken_ = message::head;
    auto const got = receive(std::span(m.bytes_), seconds);
    if (got != result::whole) return got;
    std::uint64_t size = 0;
    std::memcpy(&size, m.bytes_.data(), message::head);
    m.bytes_.resize(message::head + size);
    return receive(std::span(m.bytes_).subspan(message::head), seconds);
  }

 private:
  result receive(std::span<std::byte> to, double seconds) const {
    using clock = std::chrono::steady_clock;
    auto const until = clock::now() + std::chrono::microseconds(awake_);
    for (bool awake = awake_ > 0; !to.empty();) {
      auto const got = ::recv(socket_, to.data(), to.size(), awake || seconds > 0 ? MSG_DONTWAIT : 0);
      if (got == 0) return result::ended;
      if (got > 0) {
        to = to.subspan(std::size_t(got));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        ::pollfd waiting{socket_, POLLIN, 0};
        if (awake) awake = clock::now() < until;
        else if (::poll(&waiting, 1, int(seconds * 1000) + 1) == 0) return result::timed_out;
      } else if (errno != EINTR) {
        return result::ended;
      }
    }
    return result::whole;
  }

  int socket_, awake_;
};

#ifdef POLLRDHUP
inline constexpr short closing = POLLRDHUP;  // what poll is asked for to hear only that the other end is closed
#else
inline constexpr short closing = 0;
#endif

/// What a process is asked for, and how it replies.
enum class request : std::uint8_t { start, copy, step, save, load, render, drop };
enum class reply : std::uint8_t { done, python_error, environment_error, value_error };

}  // namespace COHORT_NAMESPACE::gymnasium::detail
