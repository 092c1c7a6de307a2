#include <cohort/policy/divergence.hpp>
#include <cohort/sampler/bernoulli.hpp>
#include <cohort/sampler/beta_distribution.hpp>
#include <cohort/sampler/gsde.hpp>
#include <cohort/sampler/multi_categorical.hpp>
#include "distributions.hpp"

using namespace distributions;

namespace {

/// Whatever the one computes of these parameters, the other does to the last bit.
template <class Known, class Dynamic>
void require_same(Known const& known, Dynamic const& found, int R = 3, int G = 2) {
  REQUIRE((known.parameters() == found.parameters() && known.action_width() == found.action_width()));
  numbers p, other, weights;
  for (int i = 0; i < R * known.parameters(); ++i) p.push_back(std::sin(i + .5)), other.push_back(std::cos(2. * i));
  for (int i = 0; i < R * G; ++i) weights.push_back(std::cos(i + .25));
  rows<Known> a{known, p, {}, G};
  rows<Dynamic> b{found, p, {}, G};
  REQUIRE(a.sample(7) == b.sample(7));
  REQUIRE(a.a == b.a);
  REQUIRE(a.evaluate().logp == b.evaluate().logp);
  REQUIRE(a.evaluate().entropy == b.evaluate().entropy);
  REQUIRE(a.backward(weights, p) == b.backward(weights, p));
  REQUIRE(a.mode() == b.mode());
  for (auto over : {divergence_over::pi, divergence_over::other}) REQUIRE(a.kl(other, over) == b.kl(other, over));
  REQUIRE(fisher_along(known, p, other) == fisher_along(found, p, other));
}

}  // namespace

TEST_CASE("distributions: with an extent that is known when the program runs they compute the same bits") {
  require_same(multi_categorical<3>{{2, 4, 3}}, multi_categorical<dynamic>{{2, 4, 3}});
  require_same(independent<bernoulli, double, 4>{}, independent<bernoulli, double, dynamic>{{}, {}, {}, 4});
  require_same(independent<beta_distribution, double, 2>{{}, {-1, 0}, {1, 5}},
               independent<beta_distribution, double, dynamic>{{}, {-1, 0}, {1, 5}});
}

TEST_CASE("gsde: with a dynamic extent it computes the same bits") {
  constexpr int D = 2, L = 3, R = 4;
  gsde const model{.learn_features = true};
  auto known = model.distribution<double, D>(L);
  auto found = model.distribution<double, dynamic>(L, D);
  numbers x(R * (D + L)), log_s(L * D), weights(R);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(double(i));
  for (std::size_t i = 0; i < log_s.size(); ++i) log_s[i] = -.3 * double(i);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = double(i) - 1.5;
  auto everything = [&](auto const& d) {
    cpu backend;
    numbers a(R * D), logp(R), entropy(R), dx(x.size()), dlog_s(L * D), kl(R), slope(R * (D + L + L * D)), v(slope);
    auto in = matrix(std::as_const(x), R);
    d.sample(backend, stream_id{1, draw_purpose::action, 5}, in, all(std::as_const(log_s)), 1, matrix(a, R), all(logp));
    d.evaluate(backend, in, all(std::as_const(log_s)), matrix(std::as_const(a), R), 1, all(logp), all(entropy));
    d.backward(backend, in, all(std::as_const(log_s)), matrix(std::as_const(a), R), 1, all(std::as_const(weights)),
               all(std::as_const(weights)), matrix(dx, R), all(dlog_s));
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = std::cos(double(i));
    kl_to(backend, d, in, all(std::as_const(log_s)), matrix(std::as_const(v), R), divergence_over::pi, all(kl),
          matrix(slope, R));
    curvature(backend, d, in, all(std::as_const(log_s)), 1, matrix(v, R));
    return std::tuple(a, logp, entropy, dx, dlog_s, kl, slope, v);
  };
  REQUIRE(everything(known) == everything(found));
}

TEST_CASE("distributions: more numbers than a kernel has room for are refused where the extent is dynamic") {
  using Catch::Matchers::Equals;
  CHECK_THROWS_WITH((multi_categorical<dynamic>{std::vector<int>(65, 2)}.parameters()),
                    "multi_categorical: an action has 65 choices, at most 64 are possible where the extent is dynamic");
  CHECK_THROWS_WITH((independent<bernoulli, double, dynamic>({}, {}, {}, 65)),
                    "independent: an action has 65 numbers, at most 64 are possible where the extent is dynamic");
  CHECK_THROWS_AS((gsde{}.distribution<double, dynamic>(3, 65)), value_error);
}
