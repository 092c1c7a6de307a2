#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/normalize.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// One step's share of its series: 1 over the series' valid steps, 0 where it is not valid.
struct share_of_one {
  template <class S>
  constexpr S operator()(S valid, S steps) const {
    return select(valid > 0, 1 / max(steps, S(1)), S(0));
  }
};
struct shared_sum {
  double unit;
  template <class S>
  constexpr S operator()(S x, S share) const {
    return select(share > 0, share * (unit * x), S(0));
  }
};
struct shared_deviation {
  double unit;
  template <class S>
  constexpr S operator()(S x, S share, S count, S sum) const {
    return select(share > 0, share * squared_deviation{unit}(x, count, sum), S(0));
  }
};

/// x, M, to mean 0 and standard deviation 1 where each series with a valid step counts as one.
template <backend B, class T = value_t<B>>
void standardize_over_series(B& backend, partition s, view<std::uint8_t const> valid, standardize const& how,
                             view<T> x) {
  std::ptrdiff_t M = s.steps(), N = s.count();
  auto scratch = backend.template temporary<T>(2 * M + N + 3);
  view<T> ones = scratch.all().part(0, M), share = scratch.all().part(M, M), steps = scratch.all().part(2 * M, N),
          counted = scratch.all().part(2 * M + N, 1), total = scratch.all().part(2 * M + N + 1, 1),
          squares = scratch.all().part(2 * M + N + 2, 1);
  count_valid_steps(backend, s, valid, ones, steps);
  backend.reduce(counted, is_positive{}, view<T const>(steps));
  backend.broadcast_series(s, share, view<T const>(steps));
  backend.map(outputs{share}, share_of_one{}, view<T const>(ones), view<T const>(share));
  view<T const> in = x, count = broadcast<T const>(counted, M), sum = broadcast<T const>(total, M);
  double unit = measured_in_unit(backend, in, valid, view<T const>(squares), [&](double of) {
    backend.reduce(total, shared_sum{of}, in, view<T const>(share));
    backend.reduce(squares, shared_deviation{of}, in, view<T const>(share), count, sum);
  });
  if (unit != 1) backend.map(outputs{x}, scaled_by{unit}, in);
  backend.map(outputs{x}, standardized{how.epsilon * unit, how.ddof, how.divide, unit}, in, count, sum,
              broadcast<T const>(squares, M));
  if (valid) backend.map(outputs{x}, where_valid{}, in, valid);
}

}  // namespace detail

/// Another estimator's advantages, brought to mean 0 and standard deviation 1 over the valid steps of the whole batch;
/// its targets stay as they are.
///
///     whitened{monte_carlo{.gamma = 1}}                          REINFORCE++ (arXiv:2501.03262)
///     whitened{group_relative{.scale = group_scale::none}}      REINFORCE++ with the group's mean as baseline
///
/// Over steps long series weigh more. Over series each has the same weight, shared among its valid steps: where all
/// steps of a series have one number, that is the mean and standard deviation of these numbers. Advantages that are all
/// equal become 0; a single valid one stays as it is. One that is not finite makes all of them NaNs.
template <class Estimator = gae>
struct whitened {
  Estimator estimator{};
  standardize how{};
  cohort::averaged_over over = cohort::averaged_over::steps;

  static constexpr about notes{"whitened", "brought to mean 0 and standard deviation 1 over the batch",
                               "Hu 2025, arXiv:2501.03262", "verl, OpenRLHF"};
  constexpr void parameters(auto f) const {
    f("", estimator), how.parameters(f);
    f("over", over, over != cohort::averaged_over::steps);
  }
  void check() const { how.check(); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    detail::require(over == cohort::averaged_over::steps || batch.group == 1, "whitened over series",
                    "the number of actions at each decision", double(batch.group), "1 (it is not for probes)");
    estimator(backend, batch, out);
    if (over == cohort::averaged_over::steps) how(backend, out.advantage, batch.valid);
    else detail::standardize_over_series(backend, batch.series, batch.valid, how, out.advantage);
  }
};

}  // namespace COHORT_NAMESPACE
