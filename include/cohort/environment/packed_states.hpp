#pragma once
#include <cohort/environment/concept.hpp>
#include <cohort/error.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// An environment that writes its states as bytes and reads them.
template <class E>
concept saves_states = requires(E const& e, typename E::state const& s, std::span<std::byte const> bytes) {
  { e.save(s) } -> std::same_as<std::vector<std::byte>>;
  { e.load(bytes) } -> std::same_as<typename E::state>;
};

/// An environment whose states a run can keep: as their bytes, or by save and load, of which none may stand alone or be
/// of another type.
template <class E>
inline constexpr bool keeps_states =
    saves_states<E> || (std::is_trivially_copyable_v<typename E::state> &&
                        !requires(E& e, typename E::state const& s) { e.save(s); } &&
                        !requires(E& e, std::span<std::byte const> bytes) { e.load(bytes); });

/// One state as bytes and back, of plain numbers where it is a template over the scalar.
template <class E>
std::vector<std::byte> bytes_of_state(E const& environment, typename state_of<E>::type const& s) {
  if constexpr (saves_states<E>) return environment.save(s);
  else if constexpr (std::is_trivially_copyable_v<typename state_of<E>::type>) {
    auto const all = std::as_bytes(std::span(&s, 1));
    return {all.begin(), all.end()};
  } else {
    throw value_error(
        "the environment cannot be saved in mid-episode: its state is not trivially copyable, and it has no "
        "`std::vector<std::byte> save(state const&) const` and `state load(std::span<std::byte const>) const`");
  }
}
template <class E>
typename state_of<E>::type state_of_bytes(E const& environment, std::span<std::byte const> bytes) {
  if constexpr (saves_states<E>) return environment.load(bytes);
  else {
    typename state_of<E>::type s{};
    if constexpr (std::is_trivially_copyable_v<typename state_of<E>::type>) {
      if (bytes.size() != sizeof s)
        throw value_error("the saved state of the environment has " + std::to_string(bytes.size()) +
                          " bytes, expected " + std::to_string(sizeof s));
      std::memcpy(&s, bytes.data(), sizeof s);
    }
    return s;
  }
}

/// Adds bytes with their length in front.
inline void put_sized(std::vector<std::byte>& all, std::span<std::byte const> bytes) {
  std::uint64_t const size = bytes.size();
  auto const length = std::as_bytes(std::span(&size, 1));
  all.insert(all.end(), length.begin(), length.end());
  all.insert(all.end(), bytes.begin(), bytes.end());
}
/// Takes them from the front of `bytes`, and their length. Raises value_error, of `what`, where they end before.
inline std::span<std::byte const> take_sized(std::span<std::byte const>& bytes, std::string const& what) {
  std::uint64_t size = 0;
  bool const whole = bytes.size() >= sizeof size;
  if (whole) std::memcpy(&size, bytes.data(), sizeof size);
  if (!whole || size > bytes.size() - sizeof size) throw value_error(what);
  auto const taken = bytes.subspan(sizeof size, std::size_t(size));
  bytes = bytes.subspan(sizeof size + taken.size());
  return taken;
}

/// States one after the other.
template <class E>
std::vector<std::byte> pack_states(E const& environment, std::vector<typename E::state> const& states) {
  std::vector<std::byte> all;
  for (auto const& s : states) put_sized(all, environment.save(s));
  return all;
}

/// Raises value_error where the bytes are not those of so many states, and whatever the environment's load raises.
template <class E>
std::vector<typename E::state> unpack_states(E const& environment, std::span<std::byte const> bytes,
                                             std::size_t count) {
  std::vector<typename E::state> states;
  while (!bytes.empty())
    states.push_back(environment.load(
        take_sized(bytes, "the saved states of the environment end within state " + std::to_string(states.size()))));
  if (states.size() != count)
    throw value_error("there are " + std::to_string(states.size()) + " saved states of the environment, expected " +
                      std::to_string(count));
  return states;
}

}  // namespace COHORT_NAMESPACE::detail
