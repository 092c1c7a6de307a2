#include <cohort/environment/vector_environment.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"

using namespace cohort;
using namespace arrays;

namespace {

template <class Actions>
constexpr Actions of_two_values() {
  Actions a{};
  if constexpr (requires { a.n; }) a.n.fill(2);
  return a;
}
/// Shows the action that it was given.
template <class Actions>
struct mirror {
  static constexpr Actions actions = of_two_values<Actions>();
  static constexpr int N = Actions::dimensions;
  static constexpr box<N> observations{};
  struct state {
    std::array<int, N> last;
  };
  state reset(random_stream&) const { return {}; }
  outcome step(state& s, std::array<int, N> a) const { return s.last = a, outcome{double(a[0]), false}; }
  std::array<float, N> observe(state const& s) const {
    std::array<float, N> seen;
    for (std::size_t d = 0; d < N; ++d) seen[d] = float(s.last[d]);
    return seen;
  }
};
/// The same in SIMD lanes.
template <class Actions>
struct generic_mirror {
  static constexpr Actions actions = of_two_values<Actions>();
  static constexpr int N = Actions::dimensions;
  static constexpr box<N> observations{};
  template <class S>
  struct state {
    S last[N];
  };
  template <class S>
  constexpr state<S> reset(random_stream&) const {
    state<S> s{};
    for (auto& x : s.last) x = S(0);
    return s;
  }
  template <class S>
  constexpr outcome_of<S> step(state<S>& s, std::array<S, N> const& a) const {
    for (int d = 0; d < N; ++d) s.last[d] = a[std::size_t(d)];
    return {a[0], S(0) > S(0)};
  }
  template <class S>
  constexpr std::array<S, N> observe(state<S> const& s) const {
    std::array<S, N> seen;
    for (int d = 0; d < N; ++d) seen[std::size_t(d)] = s.last[d];
    return seen;
  }
};

template <class E>
void require_mirrored() {
  STATIC_REQUIRE(environment<E>);
  cpu backend;
  int lanes = 7, N = E::N;
  integers a;
  for (int i = 0; i < lanes * N; ++i) a.push_back(std::int32_t(i * 5 % 3 % 2));
  numbers reward(lanes), seen(lanes * N);
  flags terminated(lanes), truncated(lanes);
  vector_environment<cpu, E> e(backend, E{}, lanes, 1);
  e.reset(backend);
  e.step(backend, matrix(std::as_const(a), lanes), all(reward), all(terminated), all(truncated), matrix(seen, lanes));
  REQUIRE(seen == cast<double>(a));
  for (int n = 0; n < lanes; ++n) REQUIRE(reward[std::size_t(n)] == a[std::size_t(n * N)]);
}

}  // namespace

TEST_CASE("spaces: several choices and bits arrive in an environment as integers, on the host and in SIMD lanes") {
  require_mirrored<mirror<multi_discrete<3>>>();
  require_mirrored<mirror<binary<2>>>();
  require_mirrored<generic_mirror<multi_discrete<3>>>();
  require_mirrored<generic_mirror<binary<2>>>();
}
