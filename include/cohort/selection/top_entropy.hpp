#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/selection/on_host.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// The quantile at position (n - 1)(1 - share) of n > 0 numbers in order, interpolated between its two neighbors; x is
/// reordered.
inline double upper_quantile(std::vector<double>& x, double share_above) {
  double last = double(x.size()) - 1, position = last * (1 - share_above), whole = std::round(position);
  if (std::abs(position - whole) < 1e-15 * last)
    position = whole;  // 1 - .7 is a rounding above .3, which would lose the number there
  auto below = x.begin() + std::ptrdiff_t(position);
  std::nth_element(x.begin(), below, x.end());
  double share = position - std::floor(position);
  if (share == 0) return *below;
  double above = *std::min_element(below + 1, x.end());
  return share < .5 ? *below + share * (above - *below) : above - (1 - share) * (above - *below);
}

}  // namespace detail

/// Only the steps at which the policy is most undecided: weight 1 where the entropy reaches the (1 - share)-quantile of
/// the batch's valid steps, else 0.
///
/// The quantile is at position (n - 1)(1 - share) of the n entropies in order, interpolated linearly, so with ties more
/// than the share may stay, and never none: share = 0 keeps the largest, 1 all. Reads entropy, in nats. Refuses a share
/// outside [0, 1]. On the host, whatever the backend: two copies and a selection in linear time.
struct top_entropy {
  double share = .2;
  static constexpr unsigned reads = needs::entropy;

  static constexpr about notes{"top_entropy", "1 from the (1 - share)-quantile of the entropy on, else 0",
                               "Wang et al. 2025, arXiv:2506.01939, which keeps 20%", "TRL"};
  constexpr void parameters(auto f) const { f("share", share); }
  void check() const { detail::require(share >= 0 && share <= 1, "top_entropy", "share", share, "a number in [0, 1]"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, step_views<T> const& at, stream_id, view<T> weight) const {
    check();
    if (!detail::begin_selection<top_entropy>("top_entropy", at, weight)) return;
    auto steps = detail::valid_steps_on_host(backend, at.valid, weight.rows);
    auto all = detail::numbers_on_host(backend, at.entropy);
    std::vector<double> entropy;
    for (std::size_t i : steps) entropy.push_back(all[i]);
    double least = 0;
    bool finite = std::all_of(entropy.begin(), entropy.end(), [](double x) { return std::isfinite(x); });
    if (auto ordered = entropy; finite && !ordered.empty()) least = detail::upper_quantile(ordered, share);
    detail::weigh_on_host(backend, steps, entropy, [&](std::size_t k) { return entropy[k] >= least ? 1 : 0; }, weight);
  }
};

}  // namespace COHORT_NAMESPACE
