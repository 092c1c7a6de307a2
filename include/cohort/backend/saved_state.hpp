#pragma once
#include <algorithm>
#include <cohort/backend/concept.hpp>
#include <cohort/error.hpp>
#include <cstddef>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// Numbers as bytes on the host, and what they are: "F32", "F64", "I32", "I64", "U32", "U64", "BOOL", or "U8" for
/// anything else that is copied byte by byte, such as an environment's state.
struct saved_numbers {
  std::string type;
  std::vector<std::byte> bytes;
  bool operator==(saved_numbers const&) const = default;
};
/// What a run, or a part of one, keeps from one update to the next: arrays and numbers by name.
using saved_state = std::map<std::string, saved_numbers>;

/// The same where it stands, to be read piece by piece while its part stays as it is: read(at, to) copies the bytes
/// from `at` on, by whole numbers.
struct state_source {
  std::string type;
  std::size_t size;
  std::function<void(std::size_t at, std::span<std::byte> to)> read;
};
using state_sources = std::map<std::string, state_source>;

namespace detail {

template <class U>
std::vector<U> numbers_in(std::vector<std::byte> const& bytes) {
  std::vector<U> numbers(bytes.size() / sizeof(U));
  if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(U));
  return numbers;
}
template <class U>
auto source_of(std::span<U const> numbers) {
  return state_source{"", numbers.size_bytes(),
                      [bytes = std::as_bytes(numbers)](std::size_t at, std::span<std::byte> to) {
                        if (!to.empty()) std::memcpy(to.data(), bytes.data() + at, to.size());
                      }};
}
template <backend B, class U>
auto source_of(B& backend, view<U const> numbers) {
  return state_source{
      "", std::size_t(numbers.size()) * sizeof(U), [&backend, numbers](std::size_t at, std::span<std::byte> to) {
        std::span<U> const some(reinterpret_cast<U*>(to.data()), to.size() / sizeof(U));
        if (numbers.contiguous())
          return backend.download(some, view<U const>(numbers.data + at / sizeof(U), std::ptrdiff_t(some.size())));
        std::vector<U> all(std::size_t(numbers.size()));
        backend.download(std::span<U>(all), numbers);
        std::copy_n(all.begin() + std::ptrdiff_t(at / sizeof(U)), some.size(), some.begin());
      }};
}

template <class U>
constexpr char const* type_of_numbers() {
  if constexpr (std::is_same_v<U, bool>) return "BOOL";
  else if constexpr (std::is_floating_point_v<U>) return sizeof(U) == 4 ? "F32" : "F64";
  else if constexpr (std::is_integral_v<U> && sizeof(U) == 4) return std::is_signed_v<U> ? "I32" : "U32";
  else if constexpr (std::is_integral_v<U> && sizeof(U) == 8) return std::is_signed_v<U> ? "I64" : "U64";
  else return "U8";
}

inline constexpr std::size_t any_size = std::size_t(-1);

/// One thing of a state: how many bytes it must have (any_size: as many as there are), those of each number, where they
/// are, and what takes others.
struct state_entry {
  std::string const& name;
  std::size_t size, of_one;
  state_source& source;
  std::function<void(std::vector<std::byte> const&)> const& set;
};
using state_action = std::function<void(state_entry const&)>;

/// What a part's `persist(f)` is given: f("name", member) for each, be it a number, an array of the host or of the
/// backend, or a part itself; f.inside("name") for what stands in it. Of a view or a span, which name an array whose
/// size does not change, only as many numbers are taken back.
template <backend B>
struct state_walk {
  B& backend;
  state_action const& action;
  std::string path{};
  bool replaces = false;  ///< what there is now is not asked for

  state_walk inside(std::string const& name) const {
    return {backend, action, path.empty() ? name : path + "/" + name, replaces};
  }
  template <class X>
  void operator()(std::string const& name, X& x) const {
    using bytes = std::vector<std::byte>;
    auto here = inside(name);
    if constexpr (requires { x.persist(here); }) x.persist(here);
    else if constexpr (requires { x.all(); }) {  // an array of the backend
      using U = std::remove_cvref_t<decltype(*x.all().data)>;
      act<U>(here.path, any_size, source_of(backend, view<U const>(x.all())),
             [&](bytes const& b) { backend.assign(x, std::span<U const>(numbers_in<U>(b))); });
    } else if constexpr (requires { x.row_stride; }) {  // a view of one
      using U = std::remove_cvref_t<decltype(*x.data)>;
      act<U>(here.path, std::size_t(x.size()) * sizeof(U), source_of(backend, view<U const>(x)),
             [&](bytes const& b) { backend.upload(x, std::span<U const>(numbers_in<U>(b))); });
    } else if constexpr (requires { x.data(), x.size(); }) {
      using U = typename X::value_type;
      constexpr bool copies = std::is_trivially_copyable_v<U>;
      static_assert(
          copies,
          "what a run keeps is copied byte by byte: an array of what is not trivially copyable is a part, which lists "
          "its own state in persist(f) (docs/runs.md)");
      constexpr bool grows = requires { x.resize(x.size()); };
      if constexpr (copies)
        act<U>(here.path, grows ? any_size : x.size() * sizeof(U), source_of(std::span<U const>(x)),
               [&](bytes const& b) {
                 if constexpr (grows) x.resize(b.size() / sizeof(U));
                 if (!b.empty()) std::memcpy(x.data(), b.data(), b.size());
               });
    } else {
      static_assert(std::is_trivially_copyable_v<X>, "a part of a run lists its state in persist(f)");
      act<X>(here.path, sizeof x, source_of(std::span<X const>(&x, 1)),
             [&](bytes const& b) { std::memcpy(&x, b.data(), sizeof x); });
    }
  }
  /// What is no numbers, as bytes that it gives and takes itself.
  void packed(std::string const& name, std::function<std::vector<std::byte>()> const& get,
              std::function<void(std::vector<std::byte> const&)> const& set) const {
    auto here = inside(name);
    auto bytes = std::make_shared<std::vector<std::byte>>(replaces ? std::vector<std::byte>() : get());
    auto read = [bytes](std::size_t at, std::span<std::byte> to) {
      if (!to.empty()) std::memcpy(to.data(), bytes->data() + at, to.size());
    };
    act<std::byte>(here.path, any_size, {"", bytes->size(), read}, set);
  }

 private:
  template <class U>
  void act(std::string const& name, std::size_t size, state_source source,
           std::function<void(std::vector<std::byte> const&)> const& set) const {
    source.type = type_of_numbers<U>();
    action({name, size, sizeof(U), source, set});
  }
};
template <class B, class Part>
void walk_state(B& backend, Part& part, state_action const& action, bool replaces = false) {
  part.persist(state_walk<B>{backend, action, "", replaces});
}

/// For a part behind an interface, which the compiler cannot ask whether it lists its state.
template <class Part, class Walk>
void persist_if_listed(char const* what, Part& part, Walk const& f) {
  if constexpr (requires { part.persist(f); }) part.persist(f);
  else
    throw value_error(std::string("the state of this ") + what +
                      " cannot be copied: it has no persist(f), which lists it (docs/runs.md)");
}

}  // namespace detail

/// The state of a part: a training, or anything with persist(f).
template <backend B, class Part>
saved_state copy_out(B& backend, Part& part) {
  saved_state all;
  detail::walk_state(backend, part, [&](detail::state_entry const& x) {
    auto& [type, bytes] = all[x.name];
    type = x.source.type;
    bytes.resize(x.source.size);
    x.source.read(0, bytes);
  });
  return all;
}
/// The same, as it stands there.
template <backend B, class Part>
state_sources sources_of(B& backend, Part& part) {
  state_sources all;
  detail::walk_state(backend, part, [&](detail::state_entry const& x) { all[x.name] = std::move(x.source); });
  return all;
}

/// The state of a part of the same kind, as copy_out gave it, becomes this one's. Raises value_error, before anything
/// is changed, for the first name that one of them has and the other has not, or that has another type or size.
template <backend B, class Part>
void copy_in(B& backend, Part& part, saved_state const& all) {
  std::size_t known = 0;
  detail::walk_state(
      backend, part,
      [&](detail::state_entry const& x) {
        auto from = all.find(x.name);
        if (from == all.end()) throw value_error("copy_in: '" + x.name + "' is not in what was saved");
        std::size_t const size = from->second.bytes.size();
        auto refuse = [&](std::string const& expected) {
          throw value_error("copy_in: '" + x.name + "' was saved with " + std::to_string(size) + " bytes of " +
                            from->second.type + ", expected " + expected);
        };
        if (from->second.type != x.source.type) refuse(x.source.type);
        if (x.size != detail::any_size && size != x.size) refuse(std::to_string(x.size));
        if (size % x.of_one != 0) refuse("a multiple of " + std::to_string(x.of_one));
        ++known;
      },
      true);
  if (known != all.size())
    throw value_error("copy_in: " + std::to_string(all.size()) + " things were saved, and this run has " +
                      std::to_string(known) + ": it is composed otherwise");
  detail::walk_state(backend, part, [&](detail::state_entry const& x) { x.set(all.at(x.name).bytes); }, true);
}

}  // namespace COHORT_NAMESPACE
