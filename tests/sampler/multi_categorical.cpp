#include <cohort/sampler/multi_categorical.hpp>
#include "distributions.hpp"

using namespace distributions;

namespace {

multi_categorical<3> const three{{3, 2, 5}};
double const inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("multi_categorical: log-probabilities, entropies and their gradients of Stable-Baselines3", "[golden]") {
  require_recorded(three, "multi_categorical.txt");
}

TEST_CASE("multi_categorical: gradients and Fisher products are those of five-point differences") {
  for (int G : {1, 3}) require_gradient(three, G);
  require_divergence(three);
}

TEST_CASE("multi_categorical: with one choice it is categorical, sample by sample") {
  rows<multi_categorical<1>> one{{{4}}, uniform(50 * 4, 1, -2, 2), {}, 3};
  rows<categorical> other{{4}, one.p, {}, 3};
  REQUIRE(one.sample(1) == other.sample(1));
  REQUIRE(one.a == other.a);
  REQUIRE(one.evaluate().entropy == other.evaluate().entropy);
  REQUIRE(one.mode() == other.mode());
}

TEST_CASE(
    "multi_categorical: a sample's log-probability is what evaluate gives it, and does not depend on the other rows") {
  require_samples(three);
}

TEST_CASE(
    "multi_categorical: every combination of choices comes as often as its probability says, whichever sample of a row "
    "it is") {
  numbers logits{.3, -1, 1, .5, -.5, 0, 1, -1, -inf, .2};
  rows<multi_categorical<3>> r{three, repeated(logits, 60'000), {}, 2};
  r.sample(1);
  for (int g = 0; g < 2; ++g) {
    numbers count(30), probability(30, 1);
    for (int i = 0; i < 60'000; ++i)
      count[std::size_t(r.a[6 * i + 3 * g] + 3 * (r.a[6 * i + 3 * g + 1] + 2 * r.a[6 * i + 3 * g + 2]))] += 1;
    for (int k = 0; k < 30; ++k) {
      int choice[] = {k % 3, k / 3 % 2, k / 6}, first = 0;
      for (int j = 0; j < 3; ++j) {
        double total = 0;
        for (int a = 0; a < three.n[std::size_t(j)]; ++a) total += std::exp(logits[std::size_t(first + a)]);
        probability[std::size_t(k)] *= std::exp(logits[std::size_t(first + choice[j])]) / total;
        first += three.n[std::size_t(j)];
      }
    }
    require_counts(count, probability);
  }
  for (int k = 0; k < 3; ++k) require_uncorrelated(column(r.a, k, 6), column(r.a, 3 + k, 6));
}

TEST_CASE(
    "multi_categorical: the mode is the most probable of each choice; of impossible choices there is no gradient") {
  rows<multi_categorical<3>> r{three, {.3, -1, 1, .5, -.5, 0, 1, -1, -inf, .2}, {2, 0, 1}};
  REQUIRE(r.mode() == integers{2, 0, 1});
  REQUIRE(r.backward({1}, {1})[8] == 0);
}
