#include <cohort/sampler/bernoulli.hpp>
#include "distributions.hpp"

using namespace distributions;

namespace {

template <class T>
using bits = independent<bernoulli, T, 2>;
double const inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("bernoulli: log-probabilities, entropies, divergences and their gradients of torch and SciPy", "[golden]") {
  require_recorded(bits<double>{}, "bernoulli.txt");
}

TEST_CASE("bernoulli: gradients and Fisher products are those of five-point differences") {
  for (int G : {1, 3}) require_gradient(bits<double>{}, G);
  require_divergence(bits<double>{});
}

TEST_CASE("bernoulli: in float, log-probabilities, entropies and gradients are those of double") {
  require_float<bits>(1, 1e-6, 1e-6);
}

TEST_CASE("bernoulli: a sample's log-probability is what evaluate gives it, and does not depend on the other rows") {
  require_samples(bits<double>{});
}

TEST_CASE("bernoulli: every pattern of bits comes as often as its probability says, whichever sample of a row it is") {
  numbers logits{1.2, -.4, -2};
  rows<independent<bernoulli, double, 3>> r{{}, repeated(logits, 40'000), {}, 2};
  r.sample(1);
  for (int g = 0; g < 2; ++g) {
    numbers count(8), probability(8, 1);
    for (int i = 0; i < 40'000; ++i)
      count[std::size_t(r.a[6 * i + 3 * g] + 2 * r.a[6 * i + 3 * g + 1] + 4 * r.a[6 * i + 3 * g + 2])] += 1;
    for (int k = 0; k < 8; ++k)
      for (int d = 0; d < 3; ++d)
        probability[std::size_t(k)] *= 1 / (1 + std::exp((k >> d & 1 ? -1 : 1) * logits[std::size_t(d)]));
    require_counts(count, probability);
  }
  require_uncorrelated(column(r.a, 0, 6), column(r.a, 3, 6));
}

TEST_CASE(
    "bernoulli: logits of any size, infinite ones too, have finite entropies and gradients, and the bit that is not "
    "there has log-probability -inf") {
  rows<bits<double>> r{{}, {1e4, -1e4, inf, -inf, inf, -inf}, {1, 0, 1, 0, 0, 0}};
  auto [logp, entropy] = r.evaluate();
  REQUIRE(logp == numbers{0, 0, -inf});
  REQUIRE(entropy == numbers{0, 0, 0});
  REQUIRE(r.backward({1, 1, 1}, {1, 1, 1}) == numbers{0, 0, 0, 0, -1, 0});
  REQUIRE(rows<bits<double>>{{}, {1e4, 0}, {0, 0}}.evaluate().logp[0] == -1e4 - std::log(2.));
  auto [kl, slope] = r.kl(r.p, divergence_over::pi);
  REQUIRE(kl == numbers{0, 0, 0});
  REQUIRE(slope == numbers(6, 0));
  r.sample(1);
  REQUIRE(r.a == integers{1, 0, 1, 0, 1, 0});
}

TEST_CASE("bernoulli: the mode is the more probable value of each bit") {
  REQUIRE(rows<bits<double>>{{}, {2, -1, 0, .1}, {}}.mode() == integers{1, 0, 0, 1});
}
