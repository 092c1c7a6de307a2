// Every advantage estimator, on batches of any shape and any bits: what is finite gives what is finite.
#include <cohort/advantage/all.hpp>
#include <cohort/erased/any_estimator.hpp>

#include "../advantage/random_options.hpp"
#include "input.hpp"

using namespace cohort;
using backend_type = eigen::basic_backend<float>;

namespace {

bool all_finite(std::vector<float> const& numbers) {
  for (float x : numbers)
    if (!std::isfinite(x)) return false;
  return true;
}

/// Other numbers at the valid steps.
void fill(layouts::batch& b, fuzz::input& in, bool bounded) {
  for (int i = 0; i < b.M(); ++i) {
    if (!b.is_valid(i)) continue;
    auto const at = std::size_t(i);
    for (auto* x : {&b.reward, &b.value, &b.next_value}) (*x)[at] = in.number(bounded, -1000, 1000);
    for (auto* x : {&b.sampler_logp, &b.old_logp, &b.ref_logp}) (*x)[at] = in.number(bounded, -20, 0);
    b.sum_of_squares[at] = in.number(bounded, 0, 1);
  }
  for (double& x : b.greedy) x = in.number(bounded, -1000, 1000);
  for (double& x : b.scores) x = in.number(bounded, -1000, 1000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static backend_type backend({.threads = 1});
  fuzz::input in(data, size);
  bool const bounded = in.take<std::uint8_t>() & 1;
  auto const seed = in.take<std::uint16_t>();
  references::option_draws options(in.take<std::uint16_t>());
  for (bool const critic : {true, false}) {
    auto b = layouts::draw(seed, {.critic = critic});
    fill(b, in, bounded);
    layouts::in_type<float> const numbers{b, critic};
    auto const views = numbers.views();
    auto run = [&](any_estimator<backend_type> const& estimator) {
      std::vector<float> advantage(std::size_t(b.M())), target(critic ? advantage.size() : 0);
      auto const view_of = [](std::vector<float>& x) { return view<float>(x.data(), std::ptrdiff_t(x.size())); };
      try {
        estimator(backend, views, {view_of(advantage), critic ? view_of(target) : view<float>{}});
        fuzz::require(!bounded || (all_finite(advantage) && all_finite(target)));
      } catch (cohort_error const&) {
      }
    };
    auto each = [&](auto const& e) {
      run(e);
      if (options.coin()) run(whitened{e});
      if (options.coin()) run(clipped_advantage{e, 2});
      if (options.coin()) run(kl_in_reward{e, k3{}, .1});
    };
    if (critic) references::each_with_critic(options, b, each);
    else references::each_of_groups(options, b, each);
  }
  return 0;
}
