// Objectives with their gradients, one pass over many steps.
#include "copy_rate.hpp"
#include "result.hpp"

namespace device_bench {

namespace {

/// Of some steps, derived by hand in double.
void require_clipped_ratio_and_k3(device& gpu, cohort::step_views<float> const& in, cohort::view<float const> loss,
                                  cohort::view<float const> slope) {
  auto some = [&](cohort::view<float const> v) { return downloaded(gpu, some_of(v, 1000)); };
  auto old_logp = some(in.old_logp), logp = some(in.logp), ref_logp = some(in.ref_logp), advantage = some(in.advantage),
       found = some(loss), found_slope = some(slope);
  for (std::size_t i = 0; i < found.size(); ++i) {
    double ratio = std::exp(double(logp[i]) - double(old_logp[i])), A = advantage[i],
           clipped = std::clamp(ratio, .8, 1.2), away = double(ref_logp[i]) - double(logp[i]);
    if (std::abs(ratio - clipped) > 0 && std::abs(ratio - clipped) < 1e-6) continue;  // an edge, and a side by rounding
    bool moves = ratio * A <= clipped * A;
    require_near("a loss", found[i], -std::min(ratio * A, clipped * A) + .04 * (std::expm1(away) - away), 2e-6);
    require_near("a derivative", found_slope[i], (moves ? -ratio * A : 0) - .04 * std::expm1(away), 2e-6);
  }
}

}  // namespace

void objectives(request const& asked) {
  using namespace cohort;
  device gpu;
  double ruler = measure_copies(gpu, asked).best();
  std::ptrdiff_t M = asked.size(1 << 24, 80 * 256);
  std::vector<array<float>> a;
  for (std::uint64_t k = 0; k < 11; ++k) a.push_back(random_array(gpu, M, k));
  array<float> weight = filled_array(gpu, 1, 1);
  step_views<float> in{.old_logp = a[0].all(),
                       .logp = a[1].all(),
                       .ref_logp = a[2].all(),
                       .advantage = a[3].all(),
                       .entropy = a[4].all(),
                       .value = a[5].all(),
                       .target = a[6].all()};
  partial_views<float> out{.loss = a[7].all(), .logp = a[8].all(), .entropy = a[9].all(), .value = a[10].all()};
  auto measure = [&](char const* what, auto const& objective, double bytes) {
    double seconds = seconds_of(
        gpu, asked, [&] { differentiate(gpu, objective, in, {broadcast<float const>(weight.all(), M)}, out); });
    print({what, with_commas(M) + " steps", double(M) / seconds / 1e9, "G steps/s", double(M) * bytes / seconds / ruler,
           "copy"});
  };
  measure("clipped_ratio + k3, with gradient", clipped_ratio{} + kl_penalty{}, 6 * 4);
  require_clipped_ratio_and_k3(gpu, in, out.loss, out.logp);
  measure("clipped_ratio + value_loss + entropy_bonus + k3, with gradient",
          clipped_ratio{} + value_loss{} + entropy_bonus{} + kl_penalty{}, 11 * 4);
  auto entropy_slopes = downloaded(gpu, some_of(view<float const>(out.entropy), 1000));
  for (float slope : entropy_slopes) require_near("a derivative", slope, -entropy_bonus{}.weight, 1e-7);
}

}  // namespace device_bench
