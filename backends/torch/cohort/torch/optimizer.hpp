#pragma once
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <cohort/torch/policy.hpp>
#include <memory>

namespace COHORT_NAMESPACE::torch {

/// One of torch's optimizers in the place of Cohort's: update{.optimizer = torch::optimizer<::torch::optim::AdamW,
/// ::torch::optim::AdamWOptions>{options}}. It sees the flat array as one parameter. `rate`, a number or a schedule,
/// takes the place of the options' learning rate where it is not 0.
template <class Optimizer = ::torch::optim::Adam, class Options = ::torch::optim::AdamOptions, class Rate = double>
struct optimizer {
  Options settings{};
  Rate rate{};

  template <cohort::backend B>
  struct state {
    std::shared_ptr<Optimizer> optimizer;
    at::Tensor parameters;

    std::size_t bytes() const {
      std::size_t total = 0;
      if (!optimizer) return 0;  // its numbers come with the first update
      for (auto const& s : optimizer->state())
        if (auto const* adam = dynamic_cast<::torch::optim::AdamParamState const*>(s.second.get()))
          total += 2 * adam->exp_avg().nbytes();
      return total;
    }
  };

  template <cohort::backend B>
  state<B> start(B&, std::ptrdiff_t) const {
    detail::require(at_progress(rate, 0.) >= 0, "torch::optimizer", "rate", at_progress(rate, 0.),
                    "a positive number, or 0 for that of the options");
    return {};
  }
  template <cohort::backend B>
  void update(B& backend, state<B>& s, double progress, out_view<B> parameters, in_view<B> gradient, in_view<B> scale,
              double limit = std::numeric_limits<double>::infinity()) const {
    if (!s.optimizer) {
      s.parameters = backend.tensor(parameters);
      s.optimizer = std::make_shared<Optimizer>(std::vector<at::Tensor>{s.parameters}, settings);
    }
    double now = at_progress(rate, progress);
    if (now > 0)
      for (auto& group : s.optimizer->param_groups()) static_cast<Options&>(group.options()).lr(now);
    at::Tensor clipped = limit < std::numeric_limits<double>::infinity()
                             ? at::clamp(backend.tensor(gradient), -limit, limit)
                             : backend.tensor(gradient);
    s.parameters.mutable_grad() = at::mul(clipped, backend.tensor(scale));
    s.optimizer->step();
  }
};

}  // namespace COHORT_NAMESPACE::torch
