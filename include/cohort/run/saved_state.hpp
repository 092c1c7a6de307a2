#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/error.hpp>
#include <cstddef>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace cohort {

/// What a run, or a part of one, keeps from one update to the next: arrays and numbers by name, as bytes on the host.
using saved_state = std::map<std::string, std::vector<std::byte>>;

namespace detail {

/// What a part's `persist(f)` is given: f("name", member) for each, be it a number, an array of the host or of the
/// backend, or a part itself; f.inside("name") for what stands in it. The action is given the name, the bytes that are
/// there (`fixed`: there cannot be more or fewer), and room(n), memory of n bytes that takes their place; it returns
/// whether it has changed them.
template <backend B, class Action>
struct state_walk {
  B& backend;
  Action& action;
  std::string path{};

  state_walk inside(std::string const& name) const {
    return {backend, action, path.empty() ? name : path + "/" + name};
  }
  template <class X>
  void operator()(std::string const& name, X& x) const {
    auto here = inside(name);
    if constexpr (requires { x.persist(here); }) x.persist(here);
    else if constexpr (requires { x.all(); }) here.array(x.all(), &x);
    else if constexpr (requires { x.row_stride; }) here.array(x, static_cast<X*>(nullptr));
    else if constexpr (requires { x.resize(x.size()), x.data(); }) here.list(x);
    else {
      static_assert(std::is_trivially_copyable_v<X>, "a part of a run lists its state in persist(f)");
      action(here.path, std::as_bytes(std::span(&x, 1)), true, [&](std::size_t) { return &x; });
    }
  }

 private:
  template <class List>
  bool list(List& x) const {
    using U = typename List::value_type;
    constexpr bool copies = std::is_trivially_copyable_v<U>;
    static_assert(copies, "what a run keeps is copied byte by byte: an environment's state must be trivially copyable");
    if constexpr (!copies) return false;
    else
      return action(path, std::as_bytes(std::span(x)), false, [&](std::size_t bytes) {
        x.resize(bytes / sizeof(U));
        return x.data();
      });
  }
  template <class U, class Array>
  void array(view<U> now, Array* owner) const {
    std::vector<U> host(std::size_t(now.size()));
    backend.download(std::span<U>(host), view<U const>(now));
    if (owner) {
      if constexpr (requires { backend.assign(*owner, std::span<U const>(host)); })
        if (list(host)) backend.assign(*owner, std::span<U const>(host));
    } else if (action(path, std::as_bytes(std::span(host)), true, [&](std::size_t) { return host.data(); })) {
      backend.upload(now, std::span<U const>(host));
    }
  }
};
template <class B, class Part, class Action>
void walk_state(B& backend, Part& part, Action action) {
  part.persist(state_walk<B, Action>{backend, action});
}

}  // namespace detail

/// The state of a part: a training, or anything with persist(f).
template <backend B, class Part>
saved_state copy_out(B& backend, Part& part) {
  saved_state all;
  detail::walk_state(backend, part, [&](std::string const& name, auto bytes, bool, auto) {
    all[name].assign(bytes.begin(), bytes.end());
    return false;
  });
  return all;
}

/// The state of a part of the same kind, as copy_out gave it, becomes this one's. Raises value_error, before anything
/// is changed, for the first name that one of them has and the other has not, or that has another size.
template <backend B, class Part>
void copy_in(B& backend, Part& part, saved_state const& all) {
  std::size_t known = 0;
  detail::walk_state(backend, part, [&](std::string const& name, auto bytes, bool fixed, auto) {
    auto from = all.find(name);
    if (from == all.end()) throw value_error("copy_in: '" + name + "' is not in what was saved");
    if (fixed && from->second.size() != bytes.size())
      throw value_error("copy_in: '" + name + "' was saved with " + std::to_string(from->second.size()) +
                        " bytes, expected " + std::to_string(bytes.size()));
    return ++known, false;
  });
  if (known != all.size())
    throw value_error("copy_in: " + std::to_string(all.size()) + " things were saved, and this run has " +
                      std::to_string(known) + ": it is composed otherwise");
  detail::walk_state(backend, part, [&](std::string const& name, auto, bool, auto room) {
    auto const& from = all.at(name);
    auto* to = room(from.size());
    if (!from.empty()) std::memcpy(static_cast<void*>(to), from.data(), from.size());
    return true;
  });
}

}  // namespace cohort
