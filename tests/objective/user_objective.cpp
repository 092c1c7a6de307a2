#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/differentiate.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/value_loss.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/scalars.hpp"

using arrays::all;
using arrays::close;
using arrays::numbers;

// Somebody else's namespace: every function of a formula must be found by its arguments.
namespace mine {

struct soft_gate {
  double temperature = 1;
  template <class S>
  constexpr S operator()(cohort::step_terms<S> const& s) const {
    S ratio = exp(s.logp - s.old_logp);
    return -(4 / temperature) * sigmoid(temperature * (ratio - 1)) * s.advantage;
  }
};

/// Not constexpr: its coefficients are in memory that it owns.
struct polynomial {
  std::vector<double> coefficients{0, 1};
  template <class S>
  S operator()(cohort::step_terms<S> const& s) const {
    S sum = 0;
    for (auto c = coefficients.rbegin(); c != coefficients.rend(); ++c) sum = sum * s.value + *c;
    return sum * s.advantage;
  }
};

/// Reads the entropy only where it is told to, which its type does not show.
struct hidden_entropy {
  bool on = false;
  template <class S>
  constexpr S operator()(cohort::step_terms<S> const& s) const {
    S loss = s.logp;
    if (on) loss += s.entropy;
    return loss;
  }
};

/// The other way round: by its type it reads the entropy, and this one does not.
struct optional_entropy {
  bool on = true;
  template <class S>
  constexpr S operator()(cohort::step_terms<S> const& s) const {
    S loss = s.logp;
    if (on) loss += s.entropy;
    return loss;
  }
};

}  // namespace mine

namespace {

constexpr int M = 11;

struct results {
  numbers loss = numbers(M), logp = numbers(M), entropy = numbers(M), value = numbers(M);
};

template <class O>
results run(O const& o, cohort::step_views<double> const& in) {
  arrays::cpu backend;
  static constexpr double one = 1;
  results r;
  cohort::differentiate(backend, o, in, {cohort::broadcast(cohort::view<double const>(&one, 1), M)},
                        {all(r.loss), all(r.logp), all(r.entropy), all(r.value)});
  return r;
}

numbers const logp = arrays::uniform(M, 1), old_logp = arrays::uniform(M, 2), advantage = arrays::uniform(M, 3),
              value = arrays::uniform(M, 4), entropy = arrays::uniform(M, 5);

}  // namespace

TEST_CASE("user's objective: a constexpr one in its own namespace has the partials of its formula") {
  namespace needs = cohort::needs;
  STATIC_REQUIRE(cohort::detail::terms_read_by_type<mine::soft_gate>() ==
                 (needs::logp | needs::old_logp | needs::advantage));
  auto r = run(mine::soft_gate{.temperature = 2},
               {.old_logp = all(old_logp), .logp = all(logp), .advantage = all(advantage)});
  for (int i = 0; i < M; ++i) {
    double ratio = std::exp(logp[i] - old_logp[i]), gate = 1 / (1 + std::exp(-2 * (ratio - 1)));
    REQUIRE(close(r.loss[i], -2 * gate * advantage[i], 1e-14));
    REQUIRE(close(r.logp[i], -4 * gate * (1 - gate) * ratio * advantage[i], 1e-14));
  }
}

TEST_CASE("user's objective: one that is not constexpr works alike, and needs only what it reads") {
  STATIC_REQUIRE(!cohort::detail::known_at_compile_time<mine::polynomial>);
  mine::polynomial cubic{{1, -2, 0, 3}};
  REQUIRE(cohort::terms_read_by(cubic) == (cohort::needs::value | cohort::needs::advantage));
  auto r = run(cubic, {.advantage = all(advantage), .value = all(value)});
  for (int i = 0; i < M; ++i) {
    double v = value[i];
    REQUIRE(close(r.loss[i], (1 - 2 * v + 3 * v * v * v) * advantage[i], 1e-14, 1e-15));
    REQUIRE(close(r.value[i], (-2 + 9 * v * v) * advantage[i], 1e-14, 1e-15));
    REQUIRE(r.logp[i] == 0);
    REQUIRE(r.entropy[i] == 0);
  }
}

TEST_CASE("user's objective: composed with the library's own, constexpr or not") {
  using namespace cohort;  // for the operators, where no operand is of the library
  auto o = 2 * mine::soft_gate{} + mine::polynomial{{0, 0, 1}} + entropy_bonus{.weight = .5};
  auto r = run(o, {.old_logp = all(old_logp),
                   .logp = all(logp),
                   .advantage = all(advantage),
                   .entropy = all(entropy),
                   .value = all(value)});
  for (int i = 0; i < M; ++i) {
    double ratio = std::exp(logp[i] - old_logp[i]), gate = 1 / (1 + std::exp(1 - ratio));
    REQUIRE(close(r.loss[i], (-8 * gate + value[i] * value[i]) * advantage[i] - .5 * entropy[i], 1e-14, 1e-15));
    REQUIRE(close(r.logp[i], -8 * gate * (1 - gate) * ratio * advantage[i], 1e-14));
    REQUIRE(close(r.entropy[i], -.5, 1e-15));
    REQUIRE(close(r.value[i], 2 * value[i] * advantage[i], 1e-14));
  }
}

TEST_CASE(
    "user's objective: a term that it reads with some of its parameters only must be read by default, else its "
    "gradient would be lost") {
  REQUIRE_NOTHROW(run(mine::hidden_entropy{}, {.logp = all(logp)}));
  REQUIRE_THROWS_AS(run(mine::hidden_entropy{.on = true}, {.logp = all(logp), .entropy = all(entropy)}),
                    cohort::value_error);
  REQUIRE_THROWS_WITH(
      run(mine::hidden_entropy{.on = true} + cohort::entropy_bonus{}, {.logp = all(logp), .entropy = all(entropy)}),
      Catch::Matchers::ContainsSubstring("entropy"));
}

TEST_CASE("user's objective: what it does not read with the parameters it has need not be given") {
  auto r = run(mine::optional_entropy{.on = false}, {.logp = all(logp)});
  REQUIRE(r.loss == logp);
  REQUIRE(r.entropy == numbers(M, 0));
}

TEMPLATE_LIST_TEST_CASE("user's objective: every scalar agrees with double, to 32 roundings", "", scalars::all) {
  REQUIRE(scalars::disagreement<TestType>(mine::soft_gate{}, scalars::exact_points()) <= 32);
}
