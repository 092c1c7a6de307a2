#include <cmath>
#include <cohort/selection/all.hpp>

#include "../catch.hpp"
#include "selected.hpp"

namespace {

struct term_given {
  unsigned bit;
  numbers steps_given::* member;
};
constexpr term_given terms[] = {{needs::sampler_logp, &steps_given::sampler_logp},
                                {needs::old_logp, &steps_given::old_logp},
                                {needs::logp, &steps_given::logp},
                                {needs::advantage, &steps_given::advantage},
                                {needs::entropy, &steps_given::entropy},
                                {needs::target, &steps_given::target}};

steps_given six_steps() {
  return {.sampler_logp = {-1, -.5, -2, -.7, -1.1, -.3},
          .old_logp = {-1.1, -.4, -2, -.8, -1, -.2},
          .logp = {-.9, -.6, -1.8, -.9, -1.2, -.25},
          .advantage = {-1, -.5, 2, 1, -.3, .4},
          .entropy = {.1, .5, .4, .9, .2, .6},
          .target = {1, .2, .8, .9, .1, .7},
          .series_of = {0, 0, 0, 1, 1, 1}};
}

template <class S>
void shows_what_is_not_known(S const& selection) {
  for (auto const& term : terms) {
    if (!(S::reads & term.bit)) continue;
    CAPTURE(S::notes.name, term.bit);
    auto steps = six_steps();
    (steps.*term.member)[1] = not_a_number;
    CHECK(std::isnan(steps(selection)[1]));
    // At an invalid step it is nobody's business.
    steps.valid = {1, 0, 1, 1, 1, 1};
    for (double w : steps(selection)) CHECK(std::isfinite(w));
  }
}

}  // namespace

TEST_CASE("selections: a weight that is made of a NaN is one, whatever the selection, and an invalid step's is 0") {
  std::apply([](auto const&... selection) { (shows_what_is_not_known(selection), ...); }, catalogue::selections{});
  for (auto over : {bounded_over::series_sum, bounded_over::series_mean, bounded_over::series_max}) {
    shows_what_is_not_known(divergence_bound<>{.over = over});
    auto steps = six_steps();
    steps.sampler_logp[1] = not_a_number;
    auto weight = steps(divergence_bound<>{.over = over});
    CHECK((std::isnan(weight[0]) && std::isnan(weight[2]) && std::isfinite(weight[3])));
  }
  for (auto over : {ratio_over::series, ratio_over::geometric_mean}) {
    shows_what_is_not_known(ratio_bounds{.over = over});
    shows_what_is_not_known(importance_weights{.over = over, .beyond = beyond_bounds::mask});
  }
}

TEST_CASE("selections: whatever stands at invalid steps, the weights have the same bits") {
  std::apply(
      [](auto const&... selection) {
        auto same_bits = [](auto const& s) {
          auto with = [](double x) {
            auto steps = six_steps();
            steps.valid = {1, 0, 1, 0, 1, 1};
            for (auto const& term : terms) (steps.*term.member)[1] = x, (steps.*term.member)[3] = -x;
            return steps;
          };
          CAPTURE(s.notes.name);
          for (double x : {not_a_number, infinity, 1e300, -.25}) CHECK(with(x)(s) == with(0)(s));
        };
        (same_bits(selection), ...);
        same_bits(divergence_bound<>{.over = bounded_over::series_sum});
        same_bits(divergence_bound<>{.over = bounded_over::series_max});
        same_bits(ratio_bounds{.over = ratio_over::series});
        same_bits(importance_weights{.over = ratio_over::geometric_mean, .normalize = true});
        same_bits(high_return{.threshold = .5, .normalize = true});
      },
      catalogue::selections{});
}
