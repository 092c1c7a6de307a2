#include <cohort/advantage/kl_to_go.hpp>
#include <cohort/aggregation/means.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/exact_kl_penalty.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/series_kl_penalty.hpp>
#include <cohort/objective/text.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/schedule/curves.hpp>
#include "../catch.hpp"
#include "../support/scalars.hpp"

using namespace cohort;
using arrays::close;
using scalars::partials;
using scalars::plain;
using scalars::point;

namespace {

/// The value and the partials of an objective at a point.
template <class O>
std::array<double, 4> everything(O const& o, point const& p) {
  auto d = partials(o, p);
  return {plain(o(p)).value, d[0], d[1], d[2]};
}
template <class A, class B>
void require_equal(A const& a, B const& b) {
  for (point p : scalars::exact_points()) {
    auto x = everything(a, p), y = everything(b, p);
    for (int k = 0; k < 4; ++k) REQUIRE(close(x[k], y[k], 1e-15, 1e-16));
  }
}

constexpr auto shrinking_clip = [](double e) { return clipped_ratio{.epsilon = e}; };

}  // namespace

TEST_CASE("expression: a sum has the sum of its terms' values and partials") {
  auto whole = clipped_ratio{} + kl_penalty{} + value_loss{} + entropy_bonus{};
  for (point p : scalars::exact_points()) {
    auto found = everything(whole, p);
    auto a = everything(clipped_ratio{}, p), b = everything(kl_penalty{}, p), c = everything(value_loss{}, p),
         d = everything(entropy_bonus{}, p);
    for (int k = 0; k < 4; ++k) {
      double largest = std::max({std::abs(a[k]), std::abs(b[k]), std::abs(c[k]), std::abs(d[k])});
      REQUIRE(close(found[k], a[k] + b[k] + c[k] + d[k], 0, 1e-15 * largest));
    }
  }
}

TEST_CASE("expression: a multiple is the same from the left and from the right, and of a sum it is that of its terms") {
  require_equal(2 * value_loss{.weight = .25}, value_loss{.weight = .5});
  require_equal(value_loss{.weight = .25} * 2, value_loss{.weight = .5});
  require_equal(-1 * entropy_bonus{.weight = .25}, entropy_bonus{.weight = -.25});
  require_equal(2 * (3 * value_loss{.weight = .25}), value_loss{.weight = 1.5});
  require_equal(3 * (value_loss{.weight = .25} + entropy_bonus{.weight = .5}),
                value_loss{.weight = .75} + entropy_bonus{.weight = 1.5});
}

TEST_CASE("expression: aggregate changes a term's weights, not its value") {
  require_equal(aggregate(series_mean{}, kl_penalty{}), kl_penalty{});
  STATIC_REQUIRE(detail::aggregations_in<decltype(clipped_ratio{} + value_loss{})> == 0);
  auto two = clipped_ratio{} + 2 * aggregate(series_mean{}, kl_penalty{}) + aggregate(step_mean{}, entropy_bonus{});
  STATIC_REQUIRE(detail::aggregations_in<decltype(two)> == 2);
  STATIC_REQUIRE(std::is_same_v<decltype(detail::composed(two).modes), std::tuple<series_mean, step_mean>>);
}

TEST_CASE(
    "expression: a scheduled term is made for the progress of the run, also inside sums, multiples and aggregates") {
  auto o = 2 * aggregate(series_mean{}, scheduled{linear{.2, 0}, shrinking_clip}) + value_loss{};
  require_equal(at_progress(o, 0.), 2 * clipped_ratio{.epsilon = .2} + value_loss{});
  require_equal(at_progress(o, .25), 2 * clipped_ratio{.epsilon = .15} + value_loss{});
  require_equal(at_progress(o, 1.), 2 * clipped_ratio{.epsilon = 0} + value_loss{});
  require_equal(o, at_progress(o, 0.));
  STATIC_REQUIRE(objective<decltype(o)>);
}

TEST_CASE("expression: a schedule as a weight is the same term with the number of the moment") {
  auto o = clipped_ratio{} + entropy_bonus{.weight = linear{.2, 0}} +
           2 * aggregate(series_mean{}, kl_penalty{.estimator = k2{}, .weight = cosine{1, .5}});
  auto with = [](double entropy, double kl) {
    return clipped_ratio{} + entropy_bonus{.weight = entropy} +
           2 * aggregate(series_mean{}, kl_penalty{.estimator = k2{}, .weight = kl});
  };
  STATIC_REQUIRE(std::is_same_v<decltype(at_progress(o, .5)), decltype(with(0, 0))>);
  require_equal(o, with(.2, 1));
  require_equal(at_progress(o, .25), with(.15, cosine{1, .5}(.25)));
  require_equal(at_progress(o, .5), with(.1, .75));
  STATIC_REQUIRE(exact_kl_penalty{.weight = linear{1, 0}}.at(.25).weight == .75);
  STATIC_REQUIRE(old_kl_penalty{.weight = linear{1, 0}}.at(.25).weight == .75);
  STATIC_REQUIRE(series_kl_penalty{.weight = linear{1, 0}}.at(.25).weight == .75);
  auto in_reward = at_progress(kl_in_reward{.weight = linear{.2, 0}}, .5);
  CHECK(in_reward.weight == .1);
  CHECK(at_progress(kl_to_go{.weight = linear{.2, 0}, .gamma = .9}, .5).gamma == .9);
  CHECK(text(entropy_bonus{.weight = linear{.2, 0}}) == "entropy_bonus{weight = linear{from = 0.2, to = 0}}");
}

TEST_CASE("expression: without a schedule at_progress(objective, progress) is the objective") {
  auto o = clipped_ratio{.epsilon = .1} + 3 * value_loss{};
  STATIC_REQUIRE(std::is_same_v<decltype(at_progress(o, .5)), decltype(o)>);
  require_equal(at_progress(o, .5), o);
}

TEST_CASE("expression: what a composed objective reads is known at compile time, and is what its terms read") {
  constexpr unsigned ratio = needs::logp | needs::old_logp | needs::advantage;
  STATIC_REQUIRE(terms_read_by(clipped_ratio{} + value_loss{}) == (ratio | needs::value | needs::target));
  STATIC_REQUIRE(terms_read_by(clipped_ratio{} + kl_penalty{}) == (ratio | needs::ref_logp));
  STATIC_REQUIRE(terms_read_by(2 * entropy_bonus{} * 3) == needs::entropy);
  STATIC_REQUIRE(terms_read_by(aggregate(series_mean{}, kl_penalty{})) == (needs::logp | needs::ref_logp));
  STATIC_REQUIRE(terms_read_by(scheduled{linear{.2, 0}, shrinking_clip}) == ratio);
  using composed =
      decltype(clipped_ratio{} + aggregate(series_mean{}, kl_penalty{}) + 2 * (value_loss{} + entropy_bonus{}));
  STATIC_REQUIRE(detail::known_at_compile_time<composed>);
  STATIC_REQUIRE(detail::terms_read_by_type<composed>() ==
                 (ratio | needs::ref_logp | needs::value | needs::target | needs::entropy));
}

TEMPLATE_LIST_TEST_CASE("expression: every scalar agrees with double on a composed objective, to 32 roundings", "",
                        scalars::all) {
  auto o = clipped_ratio{} + aggregate(series_mean{}, kl_penalty{.estimator = k2{}, .weight = .5}) +
           .5 * (value_loss{} + entropy_bonus{});
  REQUIRE(scalars::disagreement<TestType>(o, scalars::exact_points()) <= 32);
}
